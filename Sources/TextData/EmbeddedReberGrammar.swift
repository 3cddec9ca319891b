/// A text source of known entropy: a sequence of strings of the embedded Reber grammar.
///
/// A string is `B`, then `T` or `P`, then a Reber string, then the same `T` or `P`, then `E`. To predict the second-to-last symbol, a model
/// must remember the second. Both branches of a choice have probability 1/2. The graph of Reber's grammar:
///
///     start  B -> a        a  T -> b   P -> c        b  S -> b   X -> d        c  T -> c   V -> e
///     d  X -> c   S -> f   e  P -> d   V -> f        f  E -> end
///
/// **Entropy.** Let n(s) be the expected number of visits to state s in a string: n(a) = 1, n(b) = n(a)/2 + n(b)/2, n(c) = n(a)/2 + n(c)/2
/// + n(d)/2, n(d) = n(b)/2 + n(e)/2, n(e) = n(c)/2. The solution is n(a) = n(b) = n(d) = n(e) = 1 and n(c) = 2: six choices, and so six
/// symbols between the inner `B` and `E`; eight symbols with them. The outer frame adds four symbols and one choice. A string therefore has
/// 12 symbols and 7 choices on average. Each choice is visible in its symbol, and the end of a string in its `E`, so the entropy is 7 ln 2
/// nats in 12 symbols: 0.40434 nats per symbol, perplexity 2^(7/12) = 1.49831.
///
/// Sources: Reber, "Implicit learning of artificial grammars", 1967; Hochreiter & Schmidhuber, "Long short-term memory",
/// Neural Computation 9(8), 1997, section 5.1.
public enum EmbeddedReberGrammar {
    /// The expected number of symbols in a string.
    public static let expectedLength = 12.0
    /// The expected number of choices between two symbols in a string.
    public static let expectedChoices = 7.0
    /// The entropy of the source in nats per symbol: the lower bound of a model's expected loss.
    public static let entropy = expectedChoices * naturalLogOf2 / expectedLength
    /// The exponential of the entropy: 2^(7/12).
    public static let optimalPerplexity = 1.498_307_076_876_681_5

    static let naturalLogOf2 = 0.693_147_180_559_945_3

    /// Complete strings without separators, with at least `symbolCount` symbols in total. The result depends only on the arguments.
    public static func generate(symbolCount: Int, seed: UInt64) -> [UInt8] {
        var random = SplitMix64(seed: seed)
        var text: [UInt8] = []
        text.reserveCapacity(symbolCount + 64)
        var state = ReberState()
        while text.count < symbolCount || !state.isAtStringStart {
            let choices = state.choices
            let isSecond = choices.second != nil && random.next() >> 63 == 1
            let symbol = isSecond ? choices.second ?? choices.first : choices.first
            text.append(symbol)
            state.advance(with: symbol)
        }
        return text
    }

    /// Whether `text` is a sequence of complete strings.
    public static func accepts(_ text: [UInt8]) -> Bool {
        (try? score(text))?.endsWithString ?? false
    }

    /// The loss on `text` of a perfect model, which knows the grammar and its state. `text` begins at the start of a string.
    ///
    /// Throws `notReber` (65) at the first symbol of probability 0. An incomplete last string is valid.
    public static func score(_ text: [UInt8]) throws(TextDataError) -> ReberScore {
        var state = ReberState()
        var choiceCount = 0
        for (offset, symbol) in text.enumerated() {
            let choices = state.choices
            guard symbol == choices.first || symbol == choices.second else {
                throw .notReber(byteOffset: offset, found: symbol, expected: choices.description)
            }
            if choices.second != nil { choiceCount += 1 }
            state.advance(with: symbol)
        }
        return ReberScore(symbolCount: text.count, choiceCount: choiceCount, endsWithString: state.isAtStringStart)
    }
}

/// The probability of a text under the embedded Reber grammar.
public struct ReberScore: Sendable, Equatable {
    /// The number of symbols of the text.
    public let symbolCount: Int
    /// The number of symbols that were one of two equally probable symbols.
    public let choiceCount: Int
    /// Whether the last string is complete.
    public let endsWithString: Bool

    /// The negative log-likelihood of the text, in nats.
    public var negativeLogLikelihood: Double { Double(choiceCount) * EmbeddedReberGrammar.naturalLogOf2 }
    /// The negative log-likelihood in nats per symbol. An epoch predicts all symbols but the first, a certain `B`, so its optimal loss is
    /// this times n/(n-1).
    public var natsPerSymbol: Double { negativeLogLikelihood / Double(symbolCount) }
    /// The optimal mean loss of an epoch over the text, which predicts all symbols but the first: nats per prediction.
    public var natsPerPrediction: Double { negativeLogLikelihood / Double(symbolCount - 1) }
}
