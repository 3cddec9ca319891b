import Inference
import TextData

extension TrainedModel {
    /// A scored token of a text.
    public struct Token: Sendable, Equatable {
        /// The token as it is in the text; `<eos>` for the end of a line of words.
        public let text: String
        /// Its number in the vocabulary.
        public let id: Int
        /// The position of the token in its line, from 1.
        public let position: Int
        /// `-log p`, in nats.
        public let surprisal: Double
        /// The entropy of the distribution that predicts the token, in nats.
        public let entropy: Double
        /// 1 for the most probable token; equally probable tokens share the smallest of their ranks.
        public let rank: Int
        /// Whether the token is outside the vocabulary; its figures are then those of `<unk>`.
        public let isUnknown: Bool
    }

    /// The scored tokens of a line.
    public struct Line: Sendable, Equatable {
        /// The number of the line in the text, from 1.
        public let number: Int
        /// Its tokens. The last is the line end, unless a text of characters or bytes ends without one.
        public let tokens: [Token]
        /// The sum over all tokens, in nats.
        public var surprisal: Double { tokens.reduce(0) { $0 + $1.surprisal } }
    }

    /// Scores a text line by line. Before each line, the state is set to the initial state, and the model reads one line end.
    ///
    /// Throws for an empty text, and for a character that is not in a vocabulary without `<unk>`.
    public func score(_ text: String) throws -> [Line] {
        var lines: [Line] = []
        try score(OpenedText(name: "the text", bytes: Array(text.utf8), unit: stored.unit)) { lines.append($0) }
        return lines
    }

    /// The surprisal of a text in nats: the sum over its lines, each by itself.
    ///
    /// Throws as `score(_:)`.
    public func surprisal(of text: String) throws -> Double { try score(text).reduce(0) { $0 + $1.surprisal } }

    /// Scores the text file at `path`, and passes each line to `body`. Memory grows with the longest line only.
    ///
    /// Throws as `score(_:)`, the errors of the file, and those of `body`.
    public func forEachLine(ofTextAt path: String, _ body: (Line) throws -> Void) throws {
        try score(OpenedText(path: path, unit: stored.unit), body)
    }

    private func score(_ text: OpenedText, _ body: (Line) throws -> Void) throws {
        try LineScorer(stored, carriesState: false).score(text) { try body(Line($0)) }
    }
}

extension TrainedModel.Line {
    fileprivate init(_ line: ScoredLine) {
        self.init(
            number: line.number, tokens: line.tokens.map { .init($0, text: String(decoding: line.bytes(of: $0), as: UTF8.self)) })
    }
}

extension TrainedModel.Token {
    fileprivate init(_ token: ScoredToken, text: String) {
        self.init(
            text: text, id: Int(token.id), position: token.position, surprisal: token.surprisal, entropy: token.entropy,
            rank: token.rank, isUnknown: token.isUnknown)
    }
}
