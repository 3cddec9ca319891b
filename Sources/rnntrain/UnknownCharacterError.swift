import Failures
import TextData

/// A character that a model does not know, in a text that may do without it.
struct UnknownCharacterError: UserFacingError {
    let source: String
    let byteOffset: Int
    let scalar: Unicode.Scalar

    var exitStatus: ExitStatus { .badData }

    var description: String {
        "\(source): the model does not know the character \(characterText(scalar)) at byte \(byteOffset). "
            + "Remove it, or leave out such characters with --skip-unknown."
    }

    /// Runs `body`, and names the option where it throws for an unknown character.
    static func naming<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch TextDataError.unknownCharacter(let source, let byteOffset, let scalar) {
            throw UnknownCharacterError(source: source, byteOffset: byteOffset, scalar: scalar)
        }
    }
}
