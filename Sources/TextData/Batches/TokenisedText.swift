/// The tokens of a text, as far as batches need them: their number, and the positions of lines.
public protocol TokenisedText {
    /// The number of tokens.
    var count: Int { get throws(TextDataError) }
    /// The token that ends a line; nil if the vocabulary has none.
    var lineEnd: Int32? { get }

    /// Passes all tokens to `body`, in order and in pieces.
    func forEachPiece(_ body: (UnsafeBufferPointer<Int32>) -> Void) throws(TextDataError)
}

extension TokenisedText {
    /// The lines of the text. Cost: one pass over the text, and 12 bytes for each line.
    ///
    /// Throws `noLines` (65) if the vocabulary has no symbol for the end of a line.
    public func lines(source: String) throws(TextDataError) -> Sequences {
        guard let lineEnd else { throw .noLines(source: source) }
        var lines = Sequences()
        var (position, start) = (0, 0)
        try forEachPiece { piece in
            for token in piece {
                position += 1
                guard token == lineEnd else { continue }
                lines.append(start..<position)
                start = position
            }
        }
        if start < position { lines.append(start..<position) }
        return lines
    }
}

/// Independent sequences of a text, by the positions of their tokens in the text.
public struct Sequences: Sendable {
    private var starts: [Int] = []
    private var lengths: [Int32] = []

    public init() {}

    public var count: Int { starts.count }

    /// The positions of the tokens of a sequence.
    public subscript(_ index: Int) -> Range<Int> { starts[index]..<(starts[index] + Int(lengths[index])) }

    /// Appends a sequence, which must not be empty.
    public mutating func append(_ range: Range<Int>) {
        precondition(!range.isEmpty && range.count <= Int32.max, "a sequence of \(range.count) tokens")
        starts.append(range.lowerBound)
        lengths.append(Int32(range.count))
    }

    func length(_ index: Int) -> Int { Int(lengths[index]) }
}

/// A token file with the token that ends its lines.
public struct TokenFileText: TokenisedText {
    /// The token file.
    public let file: TokenFile
    public let lineEnd: Int32?

    public init(_ file: TokenFile, lineEnd: Int32?) { (self.file, self.lineEnd) = (file, lineEnd) }

    public var count: Int { file.count }

    public func forEachPiece(_ body: (UnsafeBufferPointer<Int32>) -> Void) throws(TextDataError) {
        try file.forEachPiece(body)
    }
}

extension Vocabulary {
    /// The token that ends a line: `<eos>` for words, the line feed for characters and bytes. Nil for a vocabulary of characters
    /// without line ends.
    public var lineEndID: Int32? { endOfLineID ?? id(of: "\n") }
}
