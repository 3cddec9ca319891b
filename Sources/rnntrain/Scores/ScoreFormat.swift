import ArgumentParser
import Failures
import Inference
import Tasks

/// A format that `score` writes.
enum ScoreFormat: String, ExpressibleByArgument, CaseIterable {
    case tsv, words, json
    case lmZoo = "lm-zoo"
    case srilm, kenlm
    case neuralComplexity = "neural-complexity"

    /// The base that the format prescribes; nil if `--base` chooses it.
    private var prescribedBase: LogarithmBase? {
        switch self {
        case .tsv, .words, .json: nil
        case .lmZoo, .neuralComplexity: .two
        case .srilm, .kenlm: .ten
        }
    }

    /// Throws if the format prescribes a base other than `asked`.
    func base(_ asked: LogarithmBase?) throws(ScoreOptionError) -> LogarithmBase {
        guard let prescribedBase else { return asked ?? .two }
        if let asked, asked != prescribedBase { throw ScoreOptionError(format: self, base: prescribedBase) }
        return prescribedBase
    }

    func writer(_ base: LogarithmBase, _ symbols: TokenTexts) -> any ScoreWriter {
        switch self {
        case .tsv: TableWriter(base: base, symbols: symbols)
        case .words: WordTableWriter(base: base, symbols: symbols)
        case .json: JSONWriter(base: base, symbols: symbols)
        case .lmZoo: LMZooWriter(base: base, symbols: symbols)
        case .neuralComplexity: NeuralComplexityWriter(base: base, symbols: symbols)
        case .srilm: SRILMWriter(base: base, symbols: symbols)
        case .kenlm: KenLMWriter(base: base, symbols: symbols)
        }
    }
}

/// A base that the format does not allow.
struct ScoreOptionError: UserFacingError {
    let format: ScoreFormat
    let base: LogarithmBase

    var exitStatus: ExitStatus { .usage }

    var description: String {
        "--format \(format.rawValue) prints logarithms to base \(base.rawValue): omit --base, or use --format tsv, words or json."
    }
}

/// Writes the scores of a text in one format, line by line.
protocol ScoreWriter {
    /// The text before the first line.
    var header: String { get }
    /// The text for the next line.
    mutating func text(of line: ScoredLine) -> String
    /// The text after the last line; nil if the format has no totals.
    func footer(_ total: ScoreTotal) -> String?
}

/// The figures of a whole text.
struct ScoreTotal {
    /// The name of the text in messages.
    let name: String
    let lineCount: Int
    let score: TextScore
    /// Skipped characters; nil without `--skip-unknown`.
    let skipped: Int?
    /// The weight of the network in an interpolation; otherwise nil.
    let networkWeight: Double?
}
