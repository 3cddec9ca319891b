public import Failures
public import Runs
import TextData

/// The tokens that each generated text begins with, and whether the texts are lines.
public struct GenerationPrompt: Sendable, Equatable {
    /// The tokens of the prompt.
    public let tokens: [Int32]
    /// Whether a text is a line: it begins as after a line end, and ends at the next one.
    public let isLine: Bool

    /// A prompt of texts of `model`.
    ///
    /// A line end at the end of the prompt of a line is removed: it may come from the standard input. Throws `PromptLinesError` (64) if the
    /// prompt of a line has another one.
    ///
    /// - Parameter asLines: whether the texts are lines; nil: if the model was trained on lines.
    public init(_ tokens: [Int32], of model: StoredModel, asLines: Bool? = nil) throws(PromptLinesError) {
        let isLine = asLines ?? model.separatesLines
        var tokens = tokens
        if isLine, let lineEnd = model.vocabulary.lineEndID {
            if tokens.last == lineEnd { tokens.removeLast() }
            let count = tokens.count { $0 == lineEnd }
            if count > 0 { throw PromptLinesError(lineEndCount: count) }
        }
        (self.tokens, self.isLine) = (tokens, isLine)
    }
}

/// A prompt of several lines, although each generated line begins with the prompt.
public struct PromptLinesError: UserFacingError, Equatable {
    let lineEndCount: Int

    public var exitStatus: ExitStatus { .usage }

    public var description: String {
        "the prompt has \(counted(lineEndCount, "line end")) before its end, but each generated line begins with the prompt. Give one line; "
            + "with a model of --batching streams, a prompt of several lines needs --separator, or generate without --samples."
    }
}
