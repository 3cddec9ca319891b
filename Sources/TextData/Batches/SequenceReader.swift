/// Reads windows of batches of sequences: some rows of each window, from a token file.
final class SequenceReader: BatchSource {
    let tokens: TokenFile
    private let batches: SequenceBatches
    private let order: SequenceOrder
    private let streams: Range<Int>

    init(tokens: TokenFile, batches: SequenceBatches, streams: Range<Int>) {
        precondition(
            streams.lowerBound >= 0 && streams.upperBound <= batches.shape.streamCount,
            "rows \(streams) of \(batches.shape.streamCount)")
        self.tokens = tokens
        self.batches = batches
        self.streams = streams
        order = SequenceOrder(batches)
    }

    var layout: any BatchLayout { batches }
    var windowCount: Int { batches.windowCount }

    func window(_ index: Int, epoch: Int) -> BatchWindow {
        let place = order.place(ofWindow: index, epoch: epoch)
        var (read, ended) = (0, 0)
        for row in 0..<batches.shape.streamCount {
            guard let part = part(place, row: row) else { break }
            read += part.tokens.count
            if part.isLast { ended += 1 }
        }
        let predictions = if case .labels = batches.targets { ended } else { read }
        return BatchWindow(steps: steps(place), tokens: read, predictions: predictions, beginsSequences: place.part == 0)
    }

    func fill(
        _ index: Int, epoch: Int, inputs: UnsafeMutableBufferPointer<Int32>, targets: UnsafeMutableBufferPointer<Int32>,
        mask: UnsafeMutableBufferPointer<Float>
    ) throws(TextDataError) {
        let place = order.place(ofWindow: index, epoch: epoch)
        let needed = steps(place) * streams.count
        precondition(
            inputs.count >= needed && targets.count >= needed && mask.count >= needed,
            "buffers of \(inputs.count), \(targets.count) and \(mask.count) elements for \(needed)")
        inputs[..<needed].update(repeating: 0)
        targets[..<needed].update(repeating: 0)
        mask[..<needed].update(repeating: 0)
        try tokens.confirm()
        if let inputs = inputs.baseAddress, let targets = targets.baseAddress, let mask = mask.baseAddress {
            for column in 0..<streams.count { gather(place, column: column, inputs: inputs, targets: targets, mask: mask) }
        }
        try tokens.confirmRead()
        guard tokens.areInVocabulary(UnsafeBufferPointer(rebasing: inputs[..<needed])) else { throw outsideVocabulary(place) }
        if case .tokens = batches.targets, !tokens.areInVocabulary(UnsafeBufferPointer(rebasing: targets[..<needed])) {
            throw outsideVocabulary(place)
        }
    }

    /// The part of a row's sequence that a window contains.
    private struct Part {
        let sequence: Int
        /// Positions in the text; empty after the end of the sequence.
        let tokens: Range<Int>
        /// Whether the sequence begins in this part, and whether it ends in it.
        let isFirst: Bool
        let isLast: Bool
    }

    /// Nil for an empty row; the rows after it are also empty.
    private func part(_ place: SequenceOrder.Place, row: Int) -> Part? {
        guard let sequence = order.sequence(batch: place.batch, row: row) else { return nil }
        let (all, length) = (batches.sequences[sequence], batches.shape.windowLength)
        let start = min(all.lowerBound + place.part * length, all.upperBound)
        let end = min(start + length, all.upperBound)
        return Part(
            sequence: sequence, tokens: start..<end, isFirst: place.part == 0, isLast: start < end && end == all.upperBound)
    }

    private func steps(_ place: SequenceOrder.Place) -> Int {
        min(batches.shape.windowLength, order.steps(ofBatch: place.batch) - place.part * batches.shape.windowLength)
    }

    private func gather(
        _ place: SequenceOrder.Place, column: Int, inputs: UnsafeMutablePointer<Int32>, targets: UnsafeMutablePointer<Int32>,
        mask: UnsafeMutablePointer<Float>
    ) {
        guard let part = part(place, row: streams.lowerBound + column), !part.tokens.isEmpty else { return }
        let (start, count, stride) = (part.tokens.lowerBound, part.tokens.count, streams.count)
        switch batches.targets {
        case .tokens(let before):
            let known = part.isFirst ? 1 : 0
            if part.isFirst { inputs[column] = before }
            tokens.gather(
                from: start + known - 1, count: count - known, into: inputs + known * stride + column, stride: stride)
            tokens.gather(from: start, count: count, into: targets + column, stride: stride)
            for step in 0..<count { mask[step * stride + column] = 1 }
        case .labels(let labels):
            tokens.gather(from: start, count: count, into: inputs + column, stride: stride)
            guard part.isLast else { return }
            targets[(count - 1) * stride + column] = labels[part.sequence]
            mask[(count - 1) * stride + column] = 1
        }
    }

    /// The position of the invalid token.
    private func outsideVocabulary(_ place: SequenceOrder.Place) -> TextDataError {
        for row in streams {
            guard let part = part(place, row: row) else { break }
            for position in max(part.tokens.lowerBound - 1, 0)..<part.tokens.upperBound {
                let token = tokens.tokenID(at: position)
                if !(0..<tokens.vocabularySize).contains(Int(token)) { return tokens.tokenOutsideVocabulary(at: position) }
            }
        }
        return .fileChanged(path: tokens.path)
    }
}
