import Failures
import Files
import TextData

/// The text that `--data` names: a file, or `-` for the standard input.
enum NamedText {
    /// Opens it. What comes from the standard input is held in memory.
    ///
    /// Throws what opening the file throws; for the standard input what reading it throws, and `EmptyInputError`.
    static func opened(_ path: String, unit: TokenUnit) throws -> OpenedText {
        guard path == StandardInput.sign else { return try OpenedText(path: path, unit: unit) }
        let bytes = try StandardInput.contents()
        if bytes.isEmpty { throw EmptyInputError() }
        return OpenedText(name: StandardInput.name, bytes: bytes, unit: unit)
    }
}

/// Nothing came from the standard input.
struct EmptyInputError: UserFacingError {
    var exitStatus: ExitStatus { .badData }
    var description: String {
        "\(StandardInput.name) is empty, and --data - reads the text from it. Pipe a text into the command."
    }
}
