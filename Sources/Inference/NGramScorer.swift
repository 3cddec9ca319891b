public import NGrams
public import Tasks
import Tensors
public import TextData

extension TaskEvaluation {
    /// Scores a text with an n-gram model. Each line is scored independently, after `<s>`; every token is predicted.
    public init(of text: OpenedText, nGrams model: NGramModel) throws {
        let source = try TextSource(examining: text)
        var context = NGramContext(model)
        var score = TextScore(SpecialTokens(model.vocabulary))
        try model.vocabulary.encode(source) { tokens in
            for token in tokens { score.add(context.surprisal(of: token), of: token) }
        }
        try self.init(score.measured(on: try text.extent()), skipped: UnknownSymbols(), of: text.name, tokenCount: score.tokens)
    }
}

/// Scores a text line by line with an n-gram model: the surprisal, entropy and rank of each token.
public final class NGramScorer: SerialScorer {
    /// The n-gram model.
    public let model: NGramModel
    public private(set) var lineCount = 0
    public private(set) var tokenCount = 0
    public private(set) var total: TextScore
    private let probabilities: UnsafeMutablePointer<Double>  // [V]
    private let workspace = Workspace()

    public init(_ model: NGramModel) {
        self.model = model
        probabilities = workspace.allocate(Double.self, count: model.vocabulary.size)
        total = TextScore(SpecialTokens(model.vocabulary))
    }

    public var vocabulary: Vocabulary { model.vocabulary }

    public var separatesLines: Bool { true }

    /// Scores the next line.
    public func score(_ line: EncodedLine) -> ScoredLine {
        lineCount += 1
        tokenCount += line.tokens.count
        var context = NGramContext(model)
        let tokens = line.tokens.enumerated().map { index, id in
            context.distribution(into: probabilities)
            let figures = Distribution(probabilities, count: vocabulary.size)
            let surprisal = context.surprisal(of: id)
            total.add(surprisal, of: id)
            return ScoredToken(
                position: index + 1, id: id, surprisal: surprisal, entropy: figures.entropy, rank: figures.rank(of: Int(id)),
                isUnknown: id == vocabulary.unknownID)
        }
        return ScoredLine(number: lineCount, line: line, tokens: tokens)
    }
}

/// A distribution over the vocabulary.
struct Distribution {
    private let probabilities: UnsafeMutablePointer<Double>  // [V]
    private let count: Int

    init(_ probabilities: UnsafeMutablePointer<Double>, count: Int) { (self.probabilities, self.count) = (probabilities, count) }

    /// `-sum p log p`, in nats.
    var entropy: Double {
        var sum = 0.0
        for index in 0..<count where probabilities[index] > 0 {
            sum -= probabilities[index] * RowKernels.log(probabilities[index])
        }
        return sum
    }

    /// 1 for the most probable token. Equally probable tokens share the smallest of their ranks.
    func rank(of target: Int) -> Int {
        let probability = probabilities[target]
        var larger = 0
        for index in 0..<count { larger += probabilities[index] > probability ? 1 : 0 }
        return larger + 1
    }
}
