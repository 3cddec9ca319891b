import Inference
import Runs
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
            let tokens = try TokenFile(path: path)
            guard tokens.vocabularySize == plan.vocabularySize else { throw TextDataError.fileChanged(path: path) }
            return tokens
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

    /// The tokens outside the vocabulary, by text. Cost: one pass over the texts that are not trained on. Throws as `WindowReader.fill`.
    func unknownCounts(_ vocabulary: Vocabulary) throws(TextDataError) -> [TextRole: UnknownCount] {
        let special = SpecialTokens(vocabulary)
        let inTraining = special.unknown.map { vocabulary.counts[Int($0)] } ?? 0
        var counts = [TextRole.train: UnknownCount(tokens: train.tokens.count, unknown: inTraining)]
        if let valid { counts[.valid] = try UnknownCount(of: valid.tokens, special: special) }
        if let test { counts[.test] = try UnknownCount(of: test, special: special) }
        return counts
    }
}
