import Failures
import Tasks
import TextData

/// A format of n-best lists.
public enum NBestFormat: String, Sendable, CaseIterable {
    /// `utt-n w1 w2 ...`; acoustic costs in a second file.
    case kaldi
    /// `candidate<tab>score`, an equal number of lines for each utterance.
    case nemo
    /// One JSON object: `{"utt": {"hyp_1": {"score": ..., "text": ...}, ...}}`.
    case mlmScoring = "mlm-scoring"
    /// `utt-n w1 w2 ...`; scores in a second file, and a folder as output.
    case espnet

    /// The list of a file. Throws an error of the line that is not valid.
    ///
    /// - Parameters:
    ///   - scores: the scores of `kaldi` and `espnet`, by id; nil for none.
    ///   - beam: the number of lines of an utterance, for `nemo`.
    public func list(_ file: DataFile, scores: DataFile?, beam: Int) throws(DataFileError) -> NBestList {
        switch self {
        case .kaldi: try KeyedLists.list(file, scores: scores, sign: -1)
        case .espnet: try KeyedLists.list(file, scores: scores, sign: 1)
        case .nemo: try NeMoLists.list(file, beam: beam)
        case .mlmScoring: try MLMScoringLists.list(file)
        }
    }

    /// The references of the utterances of `list`, in its order.
    ///
    /// A line is `utterance w1 w2 ...`; for `nemo`, the reference of the next utterance. Throws an error of the line, and if an utterance has no reference.
    public func references(_ file: DataFile, for list: NBestList) throws(DataFileError) -> [String] {
        guard self != .nemo else {
            guard file.lines.count == list.utterances.count else {
                throw file.error(
                    nil,
                    "the file has \(counted(file.lines.count, "line")), but \(list.name) has "
                        + counted(list.utterances.count, "utterance"),
                    "Each line must be the reference of the next utterance. Check --beam-size, too.")
            }
            return file.lines
        }
        let found = try KeyedLists.values(file, what: "A line of references is: utterance word word ...")
        var references: [String] = []
        for utterance in list.utterances {
            guard let reference = found[ExactText(utterance)] else {
                throw file.error(
                    nil, "utterance '\(utterance)' of \(list.name) has no reference", "Add a line: \(utterance) word word ...")
            }
            references.append(reference)
        }
        return references
    }

    /// The references of utterances that `list` does not have. `nemo` has none, because its references have no names.
    public func unmatchedReferences(_ file: DataFile, for list: NBestList) -> UnmatchedReferences {
        self == .nemo ? UnmatchedReferences() : KeyedLists.unmatched(file, for: list)
    }

    /// The list with the scores of a model, as `rescore` prints it; nil for `espnet`, which has several files.
    public func text(_ list: NBestList, _ scores: [RescoredHypothesis]) -> String? {
        switch self {
        case .kaldi: zip(list.hypotheses, scores).map { "\($0.id)\t\(0 - $1.total)\n" }.joined()
        case .nemo: zip(list.hypotheses, scores).map { "\($0.text)\t\($1.total)\n" }.joined()
        case .mlmScoring: MLMScoringLists.text(list, scores)
        case .espnet: nil
        }
    }

    /// The names of all files of `espnet`.
    public static let espnetNames = espnetNamesOfAll + ["utt2score"]

    /// The names of the files of `espnet` for a list.
    public static func espnetNames(of list: NBestList) -> [String] { list.hasAcoustic ? espnetNames : espnetNamesOfAll }

    /// The names of the files that `espnet` has for every list.
    public static let espnetNamesOfAll = ["utt2ppl", "utt2ntokens", "ppl", "base"]

    /// The files of `espnet`, by name: perplexity and number of tokens of each hypothesis, the perplexity of all, and the base of the logarithms. With acoustic
    /// scores, also the new score of each hypothesis.
    public static func espnetFiles(_ list: NBestList, _ scores: [RescoredHypothesis]) -> [(name: String, text: String)] {
        let rows = zip(list.hypotheses, scores)
        let loss = scores.reduce(0) { $0 - $1.logProbability } / Double(max(1, scores.reduce(0) { $0 + $1.tokenCount }))
        return [
            ("utt2ppl", rows.map { "\($0.id) \($1.perplexity)\n" }.joined()),
            ("utt2ntokens", rows.map { "\($0.id) \($1.tokenCount)\n" }.joined()),
            ("ppl", "\(exponential(loss))\n"), ("base", "\(exponential(1))\n"),
        ] + (list.hasAcoustic ? [("utt2score", rows.map { "\($0.id) \($1.total)\n" }.joined())] : [])
    }
}
