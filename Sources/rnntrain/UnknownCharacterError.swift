import Failures
import TextData

/// A character that is not in the vocabulary of the model, in a text or a prompt.
struct UnknownCharacterError: UserFacingError {
    let source: String
    let byteOffset: Int
    let scalar: Unicode.Scalar

    var exitStatus: ExitStatus { .badData }

    var description: String {
        "\(source): the character \(characterText(scalar)) at byte \(byteOffset) is not in the vocabulary of the model. "
            + "Remove it, or skip unknown characters with --skip-unknown."
    }

    /// Runs `body`. Converts an error for an unknown character to one that names the option.
    static func naming<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch TextDataError.unknownCharacter(let source, let byteOffset, let scalar) {
            throw UnknownCharacterError(source: source, byteOffset: byteOffset, scalar: scalar)
        }
    }
}
