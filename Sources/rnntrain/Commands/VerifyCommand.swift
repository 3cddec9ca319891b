import ArgumentParser

/// `rnntrain verify`: whether a checkpoint or a run's folder is sound, and what it holds.
struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check a checkpoint or a run's folder, and say what it holds.",
        discussion: """
            Every checksum is computed anew, and what the files say of each other is compared. Nothing is changed, and a job \
            that trains there may go on. Exit status: 0 if all is sound, 65 for damage, 66 if nothing is there, 74 if reading failed.
            """)

    @Argument(help: ArgumentHelp("Checkpoint, or folder of a run.", valueName: "path"))
    var path: String

    @Flag(help: "Print one JSON object instead of lines. (default: off)")
    var json = false

    func run() throws {
        try runVerification(path: path, json: json)
    }
}
