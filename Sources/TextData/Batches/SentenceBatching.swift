import Kinds

/// Each line is a separate sequence.
package enum SentenceBatching: Batching {
    package static let name = "sentences"
    package static let summary =
        "Each line is a sequence of its own: it begins with the initial state and after a line end, and ends with its line end. Lines of similar length form a batch; the batches come in a random order that is the same at any number of ranks. A line longer than the window goes on in the next one."
    package static let separatesLines = true

    package static func layout(
        _ text: TokenisedText, _ shape: BatchShape, source: String
    ) throws(TextDataError) -> any BatchLayout {
        let lines = try text.lines(source: source)
        guard lines.count > 0, let lineEnd = text.lineEnd else { throw .textTooShort(source: source, tokenCount: 0) }
        return SequenceBatches(lines, targets: .tokens(after: lineEnd), shape)
    }
}
