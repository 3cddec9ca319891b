import TextData

/// The token files of a run as this rank reads them.
struct RunTexts {
    let train: WindowReader
    let valid: WindowReader?
    /// Read as one stream.
    let test: TokenFile?

    /// Opens the files of `plan` for the streams of this rank.
    init(_ plan: RunPlan, streams: Range<Int>) throws(TextDataError) {
        func file(_ role: TextRole) throws(TextDataError) -> TokenFile? {
            guard let path = plan.tokenFiles[role.rawValue] else { return nil }
            return try TokenFile(path: path)
        }
        func reader(_ role: TextRole) throws(TextDataError) -> WindowReader? {
            guard let tokens = try file(role) else { return nil }
            let layout = try StreamLayout(
                tokenCount: tokens.count, streamCount: plan.configuration.batchSize, source: tokens.path)
            return WindowReader(
                tokens: tokens, layout: layout, streams: streams, windowLength: plan.configuration.windowLength)
        }
        guard let train = try reader(.train) else { preconditionFailure("a plan names its training tokens") }
        self.train = train
        valid = try reader(.valid)
        test = try file(.test)
    }

    /// The tokens outside the vocabulary, by text. Cost: one pass over the texts that are not trained on.
    func unknownCounts(_ vocabulary: Vocabulary) -> [TextRole: UnknownCount] {
        let special = SpecialTokens(vocabulary)
        let inTraining = special.unknown.map { vocabulary.counts[Int($0)] } ?? 0
        var counts = [TextRole.train: UnknownCount(tokens: train.tokens.count, unknown: inTraining)]
        counts[.valid] = valid.map { UnknownCount(of: $0.tokens, special: special) }
        counts[.test] = test.map { UnknownCount(of: $0, special: special) }
        return counts
    }
}
