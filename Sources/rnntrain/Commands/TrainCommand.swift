import ArgumentParser
import Communication
import Configuration
import Files
import Kinds
import Training

/// `rnntrain train`: trains a model, or resumes a run.
struct TrainCommand: ExampledCommand {
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
            Every option except those under 'Configuration' is also a key of the TOML file. The command line overrides the \
            file, and the file overrides the defaults. Without --text, --train, --valid and --test, the run trains a small model on \
            strings of the embedded Reber grammar, with defaults of its own; rnntrain --print-config prints them.
            """)

    static let examples = [
        HelpExample(
            "Train a model of words with a split of your own",
            "mpirun -n 2 rnntrain --train train.txt --valid valid.txt --test test.txt \\\n      --run runs/words"),
        HelpExample(
            "Train a GRU on the same texts",
            "rnntrain --train train.txt --valid valid.txt --cell gru --run runs/gru"),
        HelpExample(
            "Show what a larger model needs, and train nothing",
            "mpirun -n 2 rnntrain --text input.txt --hidden-size 400 --dry-run"),
        HelpExample(
            "Resume a run, for 12 epochs in total",
            "mpirun -n 1 rnntrain --run runs/words --resume --epochs 12"),
    ]

    @OptionGroup(title: "Configuration") var source: SourceOptions
    @OptionGroup(title: ConfigurationTheme.data.rawValue) var data: DataOptions
    @OptionGroup(title: ConfigurationTheme.model.rawValue) var model: ModelOptions
    @OptionGroup(title: ConfigurationTheme.optimization.rawValue) var optimization: OptimizationOptions
    @OptionGroup(title: ConfigurationTheme.convergence.rawValue) var convergence: ConvergenceOptions
    @OptionGroup(title: ConfigurationTheme.run.rawValue) var runFolder: RunOptions
    @OptionGroup(title: ConfigurationTheme.faults.rawValue) var faults: FaultOptions
    @OptionGroup(title: ConfigurationTheme.distribution.rawValue) var distribution: DistributionOptions

    func run() throws {
        let file = try source.file()
        var configuration = try resolvedConfiguration(file)
        let fileKeys = Set(file?.values.keys.map { $0 } ?? []).subtracting(givenKeys)
        configuration.forgetReplaced(given: givenKeys, fileKeys: fileKeys, isResumed: source.resume)
        if let file, !source.resume {
            var own = TrainingConfiguration()
            file.apply(to: &own)
            configuration.forgetDependentDefaults(given: givenKeys, fileKeys: fileKeys, of: own)
        }
        try check(configuration, file, fileKeys)
        // As in config.toml. A stored run without the key has another rule.
        configuration.forgetBias = configuration.resolvedForgetBias
        if !source.resume { configuration.tokenFrequencies = configuration.resolvedFrequencies }
        let notices = [source.notice(of: file)].compactMap { $0 }
        if source.printConfig {
            notices.forEach { StandardError.note($0) }
            return try StandardOutput.printResult(configuration.toml)
        }
        try checkTexts(configuration, file, fileKeys)
        if CheckOnly.isAsked, !source.resume { try TrainingRun.checkFolder(configuration) }
        try CheckOnly.report(configuration, saves: !source.dryRun)
        if source.dryRun { return try runDryRun(configuration: configuration, resume: source.resume, notices: notices) }
        try runTraining(
            configuration: configuration, resume: source.resume, breakingLock: source.breakLock, notices: notices)
    }

    private func check(
        _ configuration: TrainingConfiguration, _ file: ConfigurationFile?, _ fileKeys: Set<ConfigurationKey>
    ) throws {
        func check() throws(ConfigurationError) {
            try configuration.requireEffect(of: givenKeys, fileKeys: fileKeys, isResumed: source.resume)
            try configuration.validate(needsFolder: !source.printConfig && !source.dryRun, fileKeys: fileKeys)
        }
        if let file { try file.placing(fileKeys, check) } else { try check() }
    }

    /// The options of the command line override the keys of the file, which override the defaults.
    private func resolvedConfiguration(_ file: ConfigurationFile?) throws -> TrainingConfiguration {
        if source.resume {
            return try overlaid(on: try StoredRun.configuration(in: try folderToResume(file)), with: file)
        }
        let configuration = try overlaid(on: TrainingConfiguration(), with: file)
        return configuration.usesBuiltInSource ? try overlaid(on: .reberDemo, with: file) : configuration
    }

    private func overlaid(on base: TrainingConfiguration, with file: ConfigurationFile?) throws -> TrainingConfiguration {
        var configuration = base
        file?.apply(to: &configuration)
        for group in groups { try group.apply(to: &configuration) }
        return configuration
    }

    private var groups: [any ConfigurationOptions] {
        [data, model, optimization, convergence, runFolder, faults, distribution]
    }

    /// The keys whose options the command line gives.
    private var givenKeys: [ConfigurationKey] {
        ConfigurationKey.allCases.filter { key in groups.contains { $0.given[key] != nil } }
    }

    private func folderToResume(_ file: ConfigurationFile?) throws -> String {
        guard let folder = try overlaid(on: TrainingConfiguration(), with: file).run else {
            throw ConfigurationError.missing(key: .run, advice: "name the folder of the run to resume")
        }
        return folder
    }

    /// An error names the option or the key of the file that gives the path.
    private func checkTexts(
        _ configuration: TrainingConfiguration, _ file: ConfigurationFile?, _ fileKeys: Set<ConfigurationKey>
    ) throws {
        let texts: [(key: ConfigurationKey, path: String?)] = [
            (.text, configuration.text), (.train, configuration.train), (.valid, configuration.valid),
            (.test, configuration.test),
        ]
        for (key, path) in texts {
            guard let path else { continue }
            let isStored = source.resume && data.given[key] == nil && !fileKeys.contains(key)
            let name = fileKeys.contains(key) ? file.map { "the key \(key.rawValue) of \($0.path)" } : nil
            try InputFile.check(path, namedBy: name ?? "--\(key.rawValue)", ofRun: isStored ? configuration.run : nil)
        }
    }
}
