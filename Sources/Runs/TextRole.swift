package import Checkpoints
import Files

/// The three texts of a run.
package enum TextRole: String, Codable, CaseIterable {
    case train, valid, test

    /// The option that names the text.
    package var option: String { "--\(rawValue)" }
}

extension RunFolder {
    /// The token file of a text.
    package func tokensPath(_ role: TextRole) -> String { joinPath(dataPath, RunFile.tokens(role.rawValue)) }
}
