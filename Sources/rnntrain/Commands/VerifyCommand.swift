import ArgumentParser

/// `rnntrain verify`: checks a checkpoint or a run folder, and prints its contents.
struct VerifyCommand: ExampledCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Verify a checkpoint or a run folder, and print its contents.",
        discussion: """
            All checksums are recomputed, and the files are compared with each other: checkpoints also with the digests and losses \
            in metrics.jsonl. Nothing is changed, and a job may train in the folder at the same time. Exit status: 0 if all files \
            are valid, 65 for damage, 66 for a missing path or a file without read permission, 74 for a read error.
            """)

    static let examples = [
        HelpExample(
            "Verify all files of a run",
            "rnntrain verify runs/words"),
        HelpExample(
            "Print the contents of a checkpoint as JSON",
            "rnntrain verify runs/words/best.safetensors --json"),
    ]

    @Argument(help: ArgumentHelp("Checkpoint file or run folder.", valueName: "path"), completion: .file())
    var path: String

    @Flag(help: "Print one JSON object instead of lines. (default: off)")
    var json = false

    func run() throws {
        try runVerification(path: path, json: json)
    }
}
