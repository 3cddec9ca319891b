/// A text without a token file, which is encoded at each pass.
public struct EncodedText: TokenisedText {
    private let source: TextSource
    private let vocabulary: Vocabulary
    /// The line end that the last line lacks.
    private let missing: Int32?
    /// The number of tokens.
    public let count: Int
    /// The number of tokens that are encoded as `<unk>`; 0 if the vocabulary has no `<unk>`.
    public let unknownCount: Int
    /// The first tokens.
    public let sample: [Int32]

    /// Counts the tokens, and keeps the first `sampleCount`. Cost: one pass over the text.
    ///
    /// - Parameter separatesLines: whether the lines are texts of their own, so that the last one has a line end, too.
    public init(
        _ source: TextSource, _ vocabulary: Vocabulary, separatesLines: Bool = false, sampleCount: Int = 0
    ) throws(TextDataError) {
        (self.source, self.vocabulary) = (source, vocabulary)
        missing = separatesLines ? try vocabulary.missingLineEnd(of: source.text) : nil
        var (count, unknownCount) = (0, 0)
        var sample: [Int32] = []
        let unknown = vocabulary.unknownID
        try vocabulary.encode(source) { (tokens) throws(TextDataError) in
            count += tokens.count
            if let unknown { for token in tokens where token == unknown { unknownCount += 1 } }
            sample += tokens.prefix(sampleCount - sample.count)
        }
        if let missing {
            count += 1
            sample += [missing].prefix(sampleCount - sample.count)
        }
        (self.count, self.unknownCount, self.sample) = (count, unknownCount, sample)
    }

    public var lineEnd: Int32? { vocabulary.lineEndID }

    public func forEachPiece(_ body: (UnsafeBufferPointer<Int32>) -> Void) throws(TextDataError) {
        try vocabulary.encode(source) { (tokens) throws(TextDataError) in body(tokens) }
        if let missing { withUnsafePointer(to: missing) { body(UnsafeBufferPointer(start: $0, count: 1)) } }
    }
}
