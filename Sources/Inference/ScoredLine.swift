public import TextData

/// What a model says of a token, from the tokens before it.
public struct ScoredToken: Sendable, Equatable {
    /// The place of the token in its line, from 1.
    public let position: Int
    /// Its number in the vocabulary.
    public let id: Int32
    /// `-log p`, in nats.
    public let surprisal: Double
    /// The entropy of the distribution that predicts the token, in nats.
    public let entropy: Double
    /// 1 for the most probable token; equally probable ones share the smallest of their ranks.
    public let rank: Int
    /// Whether the token is outside the vocabulary; its figures are then those of `<unk>`.
    public let isUnknown: Bool
}

/// The scored tokens of a line.
public struct ScoredLine: Sendable, Equatable {
    /// The number of the line in the text, from 1.
    public let number: Int
    public let line: EncodedLine
    /// All tokens of the line; without the first token of the text if the state is carried, because nothing predicts it.
    public let tokens: [ScoredToken]

    /// Of all its tokens, in nats.
    public var surprisal: Double { tokens.reduce(0) { $0 + $1.surprisal } }
    /// How many tokens are outside the vocabulary.
    public var unknownCount: Int { tokens.count { $0.isUnknown } }

    /// Whether `token` is the end of the line.
    public func isLineEnd(_ token: ScoredToken) -> Bool { line.isEnded && token.position == line.tokens.count }

    /// The bytes of `token`, as they are in the text.
    public func bytes(of token: ScoredToken) -> ArraySlice<UInt8> { line.bytes(of: token.position - 1) }
}
