package import Checkpoints
import Files

/// The three texts of a run.
package enum TextRole: String, Codable, CaseIterable {
    case train, valid, test

    /// The option that names the text.
    package var option: String { "--\(rawValue)" }

    /// The text in a message, whether it has an option of its own or is a part of `--text`.
    package var title: String {
        switch self {
        case .train: "the training text"
        case .valid: "the validation text"
        case .test: "the test text"
        }
    }
}

extension RunFolder {
    /// The token file of a text.
    package func tokensPath(_ role: TextRole) -> String { joinPath(dataPath, RunFile.tokens(role.rawValue)) }
}
