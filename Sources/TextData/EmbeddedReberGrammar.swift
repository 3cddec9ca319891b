/// A source of text whose entropy is known exactly: strings of the embedded Reber grammar, one after another.
///
/// A string is `B`, then `T` or `P`, then a Reber string, then the same `T` or `P` again, then `E`: to predict the last but one
/// symbol, one must remember the second. All branches have probability 1/2. The graph of Reber's grammar:
///
///     start  B -> a        a  T -> b   P -> c        b  S -> b   X -> d        c  T -> c   V -> e
///     d  X -> c   S -> f   e  P -> d   V -> f        f  E -> end
///
/// **Entropy.** Let n be the expected number of visits of a string to a state: n(a) = 1, n(b) = n(a)/2 + n(b)/2,
/// n(c) = n(a)/2 + n(c)/2 + n(d)/2, n(d) = n(b)/2 + n(e)/2, n(e) = n(c)/2. The solution is n(a) = n(b) = n(d) = n(e) = 1 and
/// n(c) = 2, six choices and so six symbols between the inner `B` and `E`, eight with them. The outer frame adds four symbols and
/// one choice: a string has 12 symbols and 7 choices on average. Each choice is seen in its symbol, and the end of a string
/// in its `E`, so the strings' sequence has 7 ln 2 nats in 12 symbols: 0.40434 nats per symbol, perplexity 2^(7/12) = 1.49831.
///
/// Sources: Reber, "Implicit learning of artificial grammars", 1967; Hochreiter & Schmidhuber, "Long short-term memory",
/// Neural Computation 9(8), 1997, section 5.1.
public enum EmbeddedReberGrammar {
    /// The symbols that texts are made of.
    public static let alphabet = "BTSXPVE"
    /// Symbols in a string, expected.
    public static let expectedLength = 12.0
    /// Choices between two symbols in a string, expected.
    public static let expectedChoices = 7.0
    /// The source's entropy in nats per symbol: the loss that no model can go below in the long run.
    public static let entropy = expectedChoices * naturalLogOf2 / expectedLength
    /// e to the entropy: 2^(7/12).
    public static let optimalPerplexity = 1.498_307_076_876_681_5

    static let naturalLogOf2 = 0.693_147_180_559_945_3

    /// Whole strings without separators, at least `symbolCount` symbols of them; the same for the same seed everywhere.
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

    /// Whether `text` is any number of whole strings.
    public static func accepts(_ text: [UInt8]) -> Bool {
        (try? score(text))?.endsWithString ?? false
    }

    /// What the source itself, which knows the grammar and the state, says about `text` from the start of a string on.
    ///
    /// Throws `notReber` (65) at the first symbol that has probability 0. A last string that is not finished is none such.
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

/// The probability that the embedded Reber grammar gives to a text.
public struct ReberScore: Sendable, Equatable {
    /// The symbols of the text.
    public let symbolCount: Int
    /// The symbols that stood where another one was as probable.
    public let choiceCount: Int
    /// Whether the last string is whole.
    public let endsWithString: Bool

    /// Negative logarithm of the text's probability, in nats.
    public var negativeLogLikelihood: Double { Double(choiceCount) * EmbeddedReberGrammar.naturalLogOf2 }
    /// The same per symbol. An epoch predicts all symbols but the first, which is a certain `B`: its optimum is this times n/(n-1).
    public var natsPerSymbol: Double { negativeLogLikelihood / Double(symbolCount) }
    /// The least mean loss of an epoch over the text, which predicts all symbols but the first: nats per prediction.
    public var natsPerPrediction: Double { negativeLogLikelihood / Double(symbolCount - 1) }
}
