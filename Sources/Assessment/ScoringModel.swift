public import Inference
import NGrams
public import Runs
public import TextData

/// A model whose scores are compared: a network, or n-grams.
public struct ScoringModel {
    /// The path of the checkpoint or ARPA file.
    public let path: String
    /// The vocabulary of the model.
    public let vocabulary: Vocabulary
    /// Whether the first token of a text has no score, because the state is carried over line ends.
    package let carriesState: Bool
    /// Whether the model has a token for the end of a last line without a line feed.
    var endsLastLine: Bool { !carriesState || vocabulary.endOfLineID != nil }
    /// Whether a line feed in a text has a score, that of `<unk>` if the vocabulary lacks it.
    var scoresLineEnds: Bool { vocabulary.lineEndID != nil || vocabulary.unknownID != nil }
    private let scorerOfLines: () -> any TokenScorer
    private let scorerOfText: () -> any TokenScorer

    /// A network that predicts tokens, with windows of `LineScorer.windowLength` steps. Throws `StoredRunError.noTokenModel` for another task.
    public init(_ model: StoredModel) throws {
        try model.requireTokens()
        let carriesState = !model.separatesLines
        (path, vocabulary, self.carriesState) = (model.path, model.vocabulary, carriesState)
        scorerOfLines = { BatchedScorer(model) }
        scorerOfText = carriesState ? { LineScorer(model, carriesState: true) } : { BatchedScorer(model) }
    }

    /// N-grams, which score each line by itself.
    public init(nGrams: NGramScorer, path: String) {
        let model = nGrams.model
        (self.path, vocabulary, carriesState) = (path, nGrams.vocabulary, false)
        scorerOfLines = { NGramScorer(model) }
        scorerOfText = scorerOfLines
    }

    /// A new scorer of lines, each by itself.
    package func lineScorer() -> any TokenScorer { scorerOfLines() }

    /// A new scorer of a text, as by `evaluate`: as one stream, unless the model separates lines.
    package func textScorer() -> any TokenScorer { scorerOfText() }
}
