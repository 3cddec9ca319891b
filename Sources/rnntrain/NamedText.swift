import Failures
import Files
import TextData

/// The text that `--data` names: a file, a pipe that is open (`<(command)` in a shell), or `-` for the standard input.
enum NamedText {
    /// Opens it. What comes from the standard input or a pipe is held in memory.
    ///
    /// Throws what opening a file or reading a pipe throws, and `EmptyInputError`.
    static func opened(_ path: String, unit: TokenUnit) throws -> OpenedText {
        if path == StandardInput.sign { return try opened(StandardInput.contents(), name: StandardInput.name, unit) }
        if let pipe = StandardInput.openPipe(path) { return try opened(StandardInput.contents(of: pipe), name: path, unit) }
        return try OpenedText(path: path, unit: unit)
    }

    private static func opened(_ bytes: [UInt8], name: String, _ unit: TokenUnit) throws -> OpenedText {
        if bytes.isEmpty { throw EmptyInputError(name: name) }
        return OpenedText(name: name, bytes: bytes, unit: unit)
    }
}

/// Nothing came from the standard input or a pipe.
struct EmptyInputError: UserFacingError {
    let name: String

    var exitStatus: ExitStatus { .badData }

    var description: String {
        "\(name) is empty, and --data reads the text from it. "
            + (ProcessRank.current == 0
                ? "Pipe a text into the command."
                : "mpirun gives its own to rank 0 alone: start one process, or save the text to a file.")
    }
}
