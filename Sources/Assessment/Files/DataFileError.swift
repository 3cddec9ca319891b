public import Failures

/// A file of pairs, hypotheses or references whose content is not valid.
public struct DataFileError: UserFacingError, Equatable {
    /// The path of the file, or another name of it in messages.
    public let path: String
    /// The number of the line, from 1; nil for the whole file.
    public let line: Int?
    /// What is wrong.
    public let reason: String
    /// What to do.
    public let advice: String

    package init(path: String, line: Int?, reason: String, advice: String) {
        (self.path, self.line, self.reason, self.advice) = (path, line, reason, advice)
    }

    public var exitStatus: ExitStatus { .badData }

    public var description: String {
        "\(quoting: path): " + (line.map { "line \($0): " } ?? "") + "\(reason). \(advice)"
    }
}
