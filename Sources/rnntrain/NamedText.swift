import Communication
import Failures
import Files
import TextData

/// The text that an option names: a file, an open pipe (`<(command)` in a shell), or `-` for the standard input.
enum NamedText {
    /// Opens the text. The contents of the standard input or of a pipe are held in memory.
    ///
    /// Throws errors of opening a file or reading a pipe, `UnmappableInputError`, and `EmptyInputError`.
    ///
    /// - Parameter acceptsSign: whether the option accepts `-`.
    static func opened(_ path: String, unit: TokenUnit, acceptsSign: Bool = true) throws -> OpenedText {
        let text = try mapped(path, unit: unit, acceptsSign: acceptsSign)
        if let nul = try text.nulCharactersAtStart() { StandardError.note(nul.notice(source: text.name)) }
        return text
    }

    private static func mapped(_ path: String, unit: TokenUnit, acceptsSign: Bool) throws -> OpenedText {
        if path == StandardInput.sign { return try opened(StandardInput.contents(), name: StandardInput.name, unit) }
        if let pipe = StandardInput.openPipe(path) { return try opened(StandardInput.contents(of: pipe), name: path, unit) }
        do throws(TextDataError) {
            return try OpenedText(path: path, unit: unit)
        } catch {
            if acceptsSign, case .file(.notRegular) = error { throw UnmappableInputError(path: path) }
            throw error
        }
    }

    private static func opened(_ bytes: [UInt8], name: String, _ unit: TokenUnit) throws -> OpenedText {
        if bytes.isEmpty { throw EmptyInputError(name: name) }
        return OpenedText(name: name, bytes: bytes, unit: unit)
    }
}

/// A pipe or a device, named for an option that also accepts the standard input.
struct UnmappableInputError: UserFacingError {
    let path: String

    var exitStatus: ExitStatus { .inputMissing }

    var description: String {
        "\(path) is a pipe or a device, which cannot be mapped. Save its contents to a file first, or give - in its place, and "
            + "redirect the standard input (< \(ShellText.quoted(path)))."
    }
}

/// An empty standard input or pipe.
struct EmptyInputError: UserFacingError {
    let name: String

    var exitStatus: ExitStatus { .badData }

    var description: String {
        "\(name) is empty, but --data reads the text from it. "
            + (ProcessRank.current == 0
                ? "Pipe a text into the command."
                : "mpirun passes its standard input to rank 0 only: start one process, or save the text to a file.")
    }
}
