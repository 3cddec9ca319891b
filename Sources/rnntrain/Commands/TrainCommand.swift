import ArgumentParser
import Files
import Training

/// `rnntrain train`: trains a model, or goes on with a run.
struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train a language model, or resume a run (the default).",
        usage: """
            rnntrain [train] --text <file> --run <folder> [<options>]
            rnntrain [train] --train <file> --valid <file> [--test <file>] --run <folder> [<options>]
            rnntrain [train] --run <folder> --resume [<options>]
            rnntrain [train] --config <file> [<options>]
            """,
        discussion: """
            Every option but those under 'Configuration' is a key of the TOML file too, under the same name. The \
            command line wins over the file, and the file over the defaults. Without --text, --train, --valid and --test the \
            text comes from the embedded Reber grammar, and the defaults are those of a small model for it.
            """)

    @OptionGroup(title: "Configuration") var source: SourceOptions
    @OptionGroup(title: "Data") var data: DataOptions
    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Optimization") var optimization: OptimizationOptions
    @OptionGroup(title: "Schedule and convergence") var convergence: ConvergenceOptions
    @OptionGroup(title: "Run folder, log and checkpoints") var runFolder: RunOptions
    @OptionGroup(title: "Deadlines and faults") var faults: FaultOptions
    @OptionGroup(title: "Distribution over ranks") var distribution: DistributionOptions

    func run() throws {
        var configuration = try resolvedConfiguration()
        try configuration.validate()
        configuration.forgetBias = configuration.resolvedForgetBias  // said by --print-config and config.toml
        if source.printConfig { return try StandardOutput.printResult(configuration.toml) }
        try checkTexts(configuration)
        if CheckOnly.isAsked, !source.resume { try TrainingRun.checkFolder(configuration) }
        if source.dryRun { return try runDryRun(configuration: configuration, resume: source.resume) }
        try runTraining(configuration: configuration, resume: source.resume, breakingLock: source.breakLock)
    }

    /// The command line's options over the file's keys over what is there without them.
    private func resolvedConfiguration() throws -> TrainingConfiguration {
        let file = try source.file()
        if source.resume {
            return try overlaid(on: try StoredRun.configuration(in: try folderToResume(file)), with: file)
        }
        let configuration = try overlaid(on: TrainingConfiguration(), with: file)
        return configuration.usesBuiltInSource ? try overlaid(on: .reberDemo, with: file) : configuration
    }

    private func overlaid(on base: TrainingConfiguration, with file: ConfigurationFile?) throws -> TrainingConfiguration {
        var configuration = base
        file?.apply(to: &configuration)
        let groups: [any ConfigurationOptions] = [data, model, optimization, convergence, runFolder, faults, distribution]
        for group in groups { try group.apply(to: &configuration) }
        return configuration
    }

    private func folderToResume(_ file: ConfigurationFile?) throws -> String {
        guard let folder = try overlaid(on: TrainingConfiguration(), with: file).run else {
            throw ConfigurationError.missing(key: .run, advice: "name with --run the folder of the run to resume")
        }
        return folder
    }

    private func checkTexts(_ configuration: TrainingConfiguration) throws {
        let texts = [
            ("--text", configuration.text, data.text), ("--train", configuration.train, data.train),
            ("--valid", configuration.valid, data.valid),
            ("--test", configuration.test, data.test),
        ]
        for (option, path, given) in texts {
            guard let path else { continue }
            let run = source.resume && given == nil ? configuration.run : nil
            try InputFile.check(path, namedBy: option, ofRun: run)
        }
    }
}
