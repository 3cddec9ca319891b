/// A line of a text, encoded, with the text of each token.
public struct EncodedLine: Sendable, Equatable {
    /// The numbers of the tokens. The last is that of the line end, unless a stream of characters or bytes ends without one, or it is not in the
    /// vocabulary and was skipped.
    public private(set) var tokens: [Int32] = []
    /// The bytes of all tokens, one after another, as they are in the text; `<eos>` for the end of a line of words.
    private var bytes: [UInt8] = []
    /// The end of each token in `bytes`. `[tokens.count]`
    private var ends: [Int] = []
    /// The parts of the text that the tokens stand for, one after another; empty if they are the bytes of the tokens.
    private var sourceBytes: [UInt8] = []
    /// The end of each part in `sourceBytes`; empty if the parts are the bytes of the tokens. `[tokens.count]`
    private var sourceEnds: [Int] = []
    /// Parts of the line that no token stands for.
    private(set) var gaps: [Gap] = []
    /// Whether the line is complete: its line end is the last token.
    public private(set) var isEnded = false

    /// A part of a line between two tokens: a skipped character, or what a normalisation removed.
    struct Gap: Sendable, Equatable {
        /// The token that follows.
        let token: Int
        let bytes: [UInt8]
        /// Whether it is a character outside the vocabulary.
        let isUnknown: Bool
    }

    /// A line without tokens.
    package init() {}

    /// The bytes of the token at `index`, as they are in the text.
    public func bytes(of index: Int) -> ArraySlice<UInt8> {
        bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]]
    }

    /// The part of the text that the token at `index` stands for.
    ///
    /// It is `bytes(of:)`, except for a piece of SentencePiece: the text before the normalisation, without an added blank. Of several pieces that
    /// stand for one character, all but the last have no bytes.
    public func source(of index: Int) -> ArraySlice<UInt8> {
        if sourceEnds.isEmpty { return bytes(of: index) }
        return sourceBytes[(index == 0 ? 0 : sourceEnds[index - 1])..<sourceEnds[index]]
    }

    /// The number of characters outside the vocabulary that were skipped before the token at `index`.
    package func skippedCount(before index: Int) -> Int { gaps.count { $0.isUnknown && $0.token <= index } }

    /// - Parameter source: the part of the text that the token stands for, if it is not `text`.
    package mutating func append(
        _ token: Int32, _ text: UnsafeBufferPointer<UInt8>, source: UnsafeRawBufferPointer? = nil, endsLine: Bool
    ) {
        tokens.append(token)
        bytes.append(contentsOf: text)
        ends.append(bytes.count)
        if source != nil || !sourceEnds.isEmpty {
            sourceBytes.append(contentsOf: source ?? UnsafeRawBufferPointer(text))
            sourceEnds.append(sourceBytes.count)
        }
        isEnded = endsLine
    }

    /// Appends a part of the line that no token stands for.
    package mutating func appendGap(_ bytes: some Collection<UInt8>, isUnknown: Bool) {
        if !bytes.isEmpty { gaps.append(Gap(token: tokens.count, bytes: Array(bytes), isUnknown: isUnknown)) }
    }

    mutating func removeAll() {
        gaps.removeAll(keepingCapacity: true)
        tokens.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        sourceBytes.removeAll(keepingCapacity: true)
        sourceEnds.removeAll(keepingCapacity: true)
        isEnded = false
    }
}
