import Inference
import Runs
import Tasks
import TextData

/// The losses of a model on the tokens of a text, by line.
struct TokenLosses {
    /// Nats of each scored token of each line. The first token of the text is missing if the state is carried over line ends.
    private(set) var lines: [[Double]] = []
    let unknownCount: Int

    /// Scores a text as `evaluate` does: as one stream, or line by line if the model was trained so.
    ///
    /// Throws the errors of `LineScorer.score`, and `StoredRunError` if the numbers of the model overflow.
    init(_ model: ScoringModel, _ text: OpenedText) throws {
        let scorer = model.textScorer()
        var lines: [[Double]] = []
        try scorer.score(text) { line in lines.append(line.tokens.map(\.surprisal)) }
        try scorer.total.requireFinite(model: model.path, text: text.name)
        self.lines = lines
        unknownCount = scorer.total.unknownTokens
    }

    /// Losses in memory.
    init(lines: [[Double]], unknownCount: Int = 0) { (self.lines, self.unknownCount) = (lines, unknownCount) }
}
