/// A line of a text, encoded, with the text of each token.
public struct EncodedLine: Sendable, Equatable {
    /// The numbers of the tokens. The last is that of the line end, unless a text of characters or bytes ends without one, or it is not in the
    /// vocabulary and was skipped.
    public private(set) var tokens: [Int32] = []
    /// The bytes of all tokens, one after another, as they are in the text; `<eos>` for the end of a line of words.
    private var bytes: [UInt8] = []
    /// The end of each token in `bytes`. `[tokens.count]`
    private var ends: [Int] = []
    /// Whether the line is complete: its line end is the last token.
    public private(set) var isEnded = false

    /// The bytes of the token at `index`, as they are in the text.
    public func bytes(of index: Int) -> ArraySlice<UInt8> {
        bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]]
    }

    mutating func append(_ token: Int32, _ text: UnsafeBufferPointer<UInt8>, endsLine: Bool) {
        tokens.append(token)
        bytes.append(contentsOf: text)
        ends.append(bytes.count)
        isEnded = endsLine
    }

    mutating func removeAll() {
        tokens.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        isEnded = false
    }
}
