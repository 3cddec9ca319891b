import Inference
import Runs
import Tasks
import TextData

/// The losses of a model on the tokens of a text, by line.
struct TokenLosses {
    /// The scored tokens of a line.
    struct Line {
        /// Nats.
        let losses: [Double]
        /// The indices of the tokens that are outside the vocabulary.
        let unknown: [Int]

        init(_ tokens: [ScoredToken]) {
            (losses, unknown) = (tokens.map(\.surprisal), tokens.indices.filter { tokens[$0].isUnknown })
        }

        /// The number of the last `count` tokens that are outside the vocabulary.
        func unknownCount(last count: Int) -> Int { unknown.count { $0 >= losses.count - count } }
    }

    /// The first token of the text is missing if the state is carried over line ends.
    let lines: [Line]

    /// Scores a text as `evaluate` does: as one stream, or line by line if the model was trained so.
    ///
    /// Throws the errors of `LineScorer.score`, and `StoredRunError` if the numbers of the model overflow.
    init(_ model: ScoringModel, _ text: OpenedText) throws {
        let scorer = model.textScorer()
        var lines: [Line] = []
        try scorer.score(text) { line in lines.append(Line(line.tokens)) }
        try scorer.total.requireFinite(model: model.path, text: text.name)
        self.lines = lines
    }
}
