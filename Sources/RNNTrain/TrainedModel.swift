import Inference
import Runs
import TextData

/// A model that rnntrain has trained, in one process and without MPI.
///
/// Figures are those of `rnntrain score` and `rnntrain generate` to the last bit. A model has buffers of its own: use it in one thread at a
/// time. Errors are one line that says what is wrong, where, and what to do (`CustomStringConvertible`).
public final class TrainedModel {
    /// What a token of the model is.
    public enum Unit: String, Sendable {
        /// A word between white space.
        case word
        /// A Unicode scalar.
        case character = "char"
        /// A byte.
        case byte
        /// A whole number.
        case integer = "integers"
        /// A match of a regular expression.
        case match = "regex"
        /// A piece of a SentencePiece model.
        case piece = "sentencepiece"
    }

    /// The checkpoint file that was read.
    public let path: String
    /// The unit of the tokens.
    public let unit: Unit
    /// V, the number of symbols in the vocabulary.
    public var vocabularySize: Int { stored.vocabulary.size }
    let stored: StoredModel

    /// Reads a checkpoint file, or the best parameters on validation of a run folder; of a run without validation, its newest valid
    /// checkpoint.
    ///
    /// Throws if nothing is there, if the file is damaged or of another run, if the model predicts labels instead of tokens, or if memory limits
    /// are too low.
    public init(path: String) throws {
        let found = try FoundCheckpoint(path: path)
        let stored = try StoredModel(found.checkpoint, steps: LineScorer.windowLength)
        try stored.requireTokens()
        self.stored = stored
        self.path = found.path
        unit = Self.unit(stored.unit)
    }

    private static func unit(_ unit: TokenUnit) -> Unit {
        switch unit {
        case .word: .word
        case .char: .character
        case .byte: .byte
        case .integers: .integer
        case .regex: .match
        case .sentencepiece: .piece
        }
    }

    // MARK: Vocabulary

    /// The text of the symbol `id`, from 0 to `vocabularySize - 1`. A byte that is not a character becomes U+FFFD.
    public func symbol(_ id: Int) -> String {
        precondition((0..<vocabularySize).contains(id), "symbol \(id) of a vocabulary of \(vocabularySize)")
        return stored.vocabulary.symbol(of: Int32(id))
    }

    /// The number of a symbol; nil if it is not in the vocabulary.
    public func id(of symbol: String) -> Int? { stored.vocabulary.id(of: symbol).map(Int.init) }

    // MARK: Text

    /// Draws `count` tokens after a prompt, and returns the prompt and their text. Equal arguments give equal text.
    ///
    /// Without a prompt the text starts as after a line end. A model that was trained on lines (`--batching sentences`) writes one line: it starts
    /// as after a line end, also with a prompt, and stops at the next one, which is left out. Words of the prompt that are not in the vocabulary
    /// are read as `<unk>`. Throws for a character that is not in a vocabulary without `<unk>`, and for a prompt of several lines of a model that
    /// was trained on lines.
    ///
    /// - Parameters:
    ///   - temperature: divides the logits; 0: as `greedy`.
    ///   - topK: the number of the most probable tokens to draw from; 0: all.
    ///   - topP: the smallest sum of the probabilities of the tokens to draw from (Holtzman et al. 2020); 1: all.
    ///   - greedy: always takes the most probable token.
    ///   - seed: of the random numbers.
    public func generate(
        after prompt: String = "", count: Int, temperature: Double = 1, topK: Int = 0, topP: Double = 1, greedy: Bool = false,
        seed: UInt64 = 1
    ) throws -> String {
        let rule = SamplingRule(temperature: temperature, topK: topK, topP: topP, greedy: greedy, seed: seed)
        let tokens = try stored.vocabulary.encode(prompt: Array(prompt.utf8), skippingUnknown: false).tokens
        let start = try GenerationPrompt(tokens, of: stored)
        var bytes: [UInt8] = []
        try Generation(model: stored, rule: rule).generate(start, length: count) { bytes += $0 }
        return String(decoding: bytes, as: UTF8.self)
    }
}
