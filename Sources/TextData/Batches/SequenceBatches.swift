/// The predictions of a sequence.
public enum SequenceTargets: Sendable {
    /// Each token is predicted from the tokens before it. `after` is the input before the first token.
    case tokens(after: Int32)
    /// One label for each sequence, `[sequences]`, is predicted after its last token.
    case labels([Int32])
}

/// Batches of independent sequences.
///
/// Sequences are sorted by descending length. B consecutive sequences form the rows of a batch; the last batch may have empty
/// rows. A batch has as many windows as its longest sequence needs. Each epoch shuffles sequences of equal length and the order
/// of the batches.
public struct SequenceBatches: BatchLayout {
    let sequences: Sequences
    let targets: SequenceTargets
    let shape: BatchShape
    /// The sequences by descending length. Sequences of equal length are in the order of the text.
    let sorted: [Int32]
    public let tokenCount: Int
    public let windowCount: Int
    public let paddingShare: Double

    /// The batches of at least one sequence.
    public init(_ sequences: Sequences, targets: SequenceTargets, _ shape: BatchShape) {
        precondition(sequences.count > 0 && sequences.count <= Int32.max, "batches of \(sequences.count) sequences")
        self.sequences = sequences
        self.targets = targets
        self.shape = shape
        sorted = (0..<Int32(sequences.count)).sorted { a, b in
            let (first, second) = (sequences.length(Int(a)), sequences.length(Int(b)))
            return first != second ? first > second : a < b
        }
        let longest = stride(from: 0, to: sorted.count, by: shape.streamCount).map { [sorted] in sequences.length(Int(sorted[$0]))
        }
        tokenCount = (0..<sequences.count).reduce(0) { $0 + sequences.length($1) }
        windowCount = longest.reduce(0) { $0 + ($1 - 1) / shape.windowLength + 1 }
        paddingShare = 1 - Double(tokenCount) / (Double(longest.reduce(0, +)) * Double(shape.streamCount))
    }

    /// Sequences may be shorter than a window.
    public var fillsWindow: Bool { true }

    public var predictionCount: Int {
        switch targets {
        case .tokens: tokenCount
        case .labels: sequences.count
        }
    }

    public var lateLabelShare: Double {
        guard case .labels = targets else { return 0 }
        let late = sorted.prefix { sequences.length(Int($0)) > shape.windowLength }.count
        return Double(late) / Double(sequences.count)
    }

    var batchCount: Int { (sequences.count - 1) / shape.streamCount + 1 }

    public func source(_ tokens: TokenFile, streams: Range<Int>) -> any BatchSource {
        SequenceReader(tokens: tokens, batches: self, streams: streams)
    }
}
