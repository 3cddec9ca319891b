import ArgumentParser
import Files
import Foundation
import Training

/// Where the configuration comes from, besides the command line.
struct SourceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("TOML file with keys as below. (default: rnntrain.toml, if it is here)", valueName: "file"))
    var config: String?

    @Flag(help: "Resume the run in --run, from its newest good checkpoint and with its configuration. (default: off)")
    var resume = false

    @Flag(help: "Take over the lock that a job on another machine left in --run, once that job has ended. (default: off)")
    var breakLock = false

    @Flag(
        help: """
            Make a few steps, and print the memory, disk, messages and time that the run needs and whether they are \
            available; write nothing. (default: off)
            """)
    var dryRun = false

    @Flag(help: "Print the configuration that results as TOML, and do nothing else. (default: off)")
    var printConfig = false

    private static let standardPath = "rnntrain.toml"

    /// The configuration file to read; a resumed run has its own, so that only a file asked for is read beside it.
    func file() throws -> ConfigurationFile? {
        if config == StandardInput.sign { throw InputFileError.standardInput(option: "--config") }
        if let config { return try ConfigurationFile(path: config) }
        guard !resume, FileManager.default.fileExists(atPath: Self.standardPath) else { return nil }
        return try ConfigurationFile(path: Self.standardPath)
    }
}
