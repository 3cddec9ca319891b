import Tasks
import Runs
import TextData

/// The token files of a run, as this rank reads them.
struct RunTexts {
    let train: any BatchSource
    let valid: (any BatchSource)?
    /// The test text, read as one stream.
    let test: TokenFile?

    /// Opens the files of `plan` for the streams of this rank.
    init(_ plan: RunPlan, streams: Range<Int>) throws(TextDataError) {
        func file(_ role: TextRole) throws(TextDataError) -> TokenFile? {
            guard let path = plan.tokenFiles[role.rawValue]?.path else { return nil }
            let tokens = try TokenFile(path: path)
            guard tokens.vocabularySize == plan.vocabularySize, tokens.tokensDigest == plan.tokenFiles[role.rawValue]?.digest
            else {
                throw TextDataError.badTokenFile(path: path, defect: .notOfRankZero)
            }
            return tokens
        }
        func source(_ role: TextRole) throws(TextDataError) -> (any BatchSource)? {
            guard let tokens = try file(role) else { return nil }
            let layout = try plan.configuration.batches(
                of: TokenFileText(tokens, lineEnd: plan.symbols.special.lineEnd), plan.symbols, source: tokens.path,
                training: role == .train)
            return layout.source(tokens, streams: streams)
        }
        guard let train = try source(.train) else { preconditionFailure("the plan has no training tokens") }
        self.train = train
        valid = try source(.valid)
        test = try file(.test)
    }

    /// The tokens outside the vocabulary, by text. Cost: one pass over the validation and test texts. Throws the errors of
    /// `WindowReader.fill`.
    func unknownCounts(_ vocabulary: Vocabulary) throws(TextDataError) -> [TextRole: UnknownCount] {
        let special = SpecialTokens(vocabulary)
        let inTraining = special.unknown.map { vocabulary.counts[Int($0)] } ?? 0
        var counts = [TextRole.train: UnknownCount(tokens: train.tokens.count, unknown: inTraining)]
        if let valid { counts[.valid] = try UnknownCount(of: valid.tokens, special: special) }
        if let test { counts[.test] = try UnknownCount(of: test, special: special) }
        return counts
    }
}
