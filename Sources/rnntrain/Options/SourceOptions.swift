import ArgumentParser
import Configuration
import Files
import Foundation

/// Options of the run itself, which are not keys of a TOML file.
struct SourceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("TOML file with the keys below. (default: rnntrain.toml, if it exists)", valueName: "file"),
        completion: .file())
    var config: String?

    @Flag(help: "Resume the run in --run from its newest valid checkpoint, with its configuration. (default: off)")
    var resume = false

    @Flag(help: "Take over the lock of a job on another machine in --run. Use it only after that job has ended. (default: off)")
    var breakLock = false

    @Flag(
        help: """
            Measure a few steps, print the memory, disk, messages and time that the run needs and whether memory and disk are \
            available, and write nothing. (default: off)
            """)
    var dryRun = false

    @Flag(help: "Print the resulting configuration as TOML, and do nothing else. (default: off)")
    var printConfig = false

    private static let standardPath = "rnntrain.toml"

    /// The configuration file to read. For a resumed run, only a file given with `--config`, because the run has its own
    /// configuration.
    func file() throws -> ConfigurationFile? {
        if config == StandardInput.sign { throw InputFileError.standardInput(option: "--config") }
        // The usual name of no file: then rnntrain.toml is not read either.
        if config == "/dev/null" { return nil }
        if let config { return try ConfigurationFile(path: config) }
        // A link without a target is an error, not a missing file.
        guard !resume, try entryExists(Self.standardPath) else { return nil }
        return try ConfigurationFile(path: Self.standardPath, origin: .standard)
    }

    /// The note that the file of the current folder was read, which no option names; nil if it was not.
    func notice(of file: ConfigurationFile?) -> String? {
        guard config == nil, let file, !file.values.isEmpty else { return nil }
        return "read \(Self.standardPath) in the current folder; with --config /dev/null, no file is read"
    }
}
