import TextData

/// The token files of a run as this rank reads them.
struct RunTexts {
    let train: WindowReader
    let valid: WindowReader?
    let test: WindowReader?

    /// Opens the files of `plan` for the streams of this rank.
    init(_ plan: RunPlan, streams: Range<Int>) throws(TextDataError) {
        func reader(_ role: TextRole) throws(TextDataError) -> WindowReader? {
            guard let path = plan.tokenFiles[role.rawValue] else { return nil }
            let tokens = try TokenFile(path: path)
            let layout = try StreamLayout(
                tokenCount: tokens.count, streamCount: plan.configuration.batchSize, source: path)
            return WindowReader(
                tokens: tokens, layout: layout, streams: streams, windowLength: plan.configuration.windowLength)
        }
        guard let train = try reader(.train) else { preconditionFailure("a plan names its training tokens") }
        self.train = train
        valid = try reader(.valid)
        test = try reader(.test)
    }
}
