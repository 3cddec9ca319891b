/// Reads windows of contiguous streams from a token file into the caller's buffers.
public struct WindowReader: Sendable {
    /// The token file.
    public let tokens: TokenFile
    /// The division of the text into the streams of all ranks.
    public let streamLayout: StreamLayout
    /// The streams to read.
    public let streams: Range<Int>
    /// T, the number of steps of a window.
    public let windowLength: Int

    /// The number of windows in an epoch, the same for all streams.
    public var windowCount: Int { streamLayout.windowCount(windowLength: windowLength) }
    /// The minimum number of elements of each buffer: T times the number of streams.
    public var elementCount: Int { windowLength * streams.count }

    public init(tokens: TokenFile, layout: StreamLayout, streams: Range<Int>, windowLength: Int) {
        precondition(tokens.count == layout.tokenCount, "a layout of \(layout.tokenCount) tokens for \(tokens.count)")
        precondition(
            streams.lowerBound >= 0 && streams.upperBound <= layout.streamCount,
            "streams \(streams) of \(layout.streamCount)")
        precondition(windowLength > 0, "windows of \(windowLength) steps")
        self.tokens = tokens
        streamLayout = layout
        self.streams = streams
        self.windowLength = windowLength
    }

    /// Reads window `window`. Returns its number of steps, which is `windowLength` or, in the last window, less.
    ///
    /// Shapes: inputs, targets, mask `[steps, streams]`, time-major and contiguous. They are overwritten; elements after them are
    /// unchanged. The mask is 1, and 0 for padding, where inputs and targets are 0. Allocates nothing.
    ///
    /// If the file has changed, verifies it first. Throws `badTokenFile` (65) if its content differs, or for a token outside the
    /// vocabulary; `file` if it cannot be read (74) or was shortened (65).
    public func fill(
        window: Int, inputs: UnsafeMutableBufferPointer<Int32>, targets: UnsafeMutableBufferPointer<Int32>,
        mask: UnsafeMutableBufferPointer<Float>
    ) throws(TextDataError) -> Int {
        let steps = streamLayout.steps(ofWindow: window, windowLength: windowLength)
        try fill(steps: steps, inputs: inputs, targets: targets, mask: mask)
        return steps.count
    }

    /// Reads some time steps, offsets into every stream. The rest is as for a window.
    func fill(
        steps: Range<Int>, inputs: UnsafeMutableBufferPointer<Int32>, targets: UnsafeMutableBufferPointer<Int32>,
        mask: UnsafeMutableBufferPointer<Float>
    ) throws(TextDataError) {
        let needed = steps.count * streams.count
        precondition(
            inputs.count >= needed && targets.count >= needed && mask.count >= needed,
            "buffers of \(inputs.count), \(targets.count) and \(mask.count) elements for \(needed)")
        try tokens.confirm()
        gather(steps, inputs: inputs, targets: targets, mask: mask)
        try tokens.confirmRead()
        guard tokens.areInVocabulary(UnsafeBufferPointer(rebasing: inputs[..<needed])),
            tokens.areInVocabulary(UnsafeBufferPointer(rebasing: targets[..<needed]))
        else { throw outsideVocabulary(steps) }
    }

    private func gather(
        _ steps: Range<Int>, inputs: UnsafeMutableBufferPointer<Int32>, targets: UnsafeMutableBufferPointer<Int32>,
        mask: UnsafeMutableBufferPointer<Float>
    ) {
        guard let inputs = inputs.baseAddress, let targets = targets.baseAddress, let mask = mask.baseAddress else { return }
        for column in 0..<streams.count {
            let real = realPredictions(stream: streams.lowerBound + column, steps: steps)
            tokens.gather(from: real.lowerBound, count: real.count, into: inputs + column, stride: streams.count)
            tokens.gather(from: real.lowerBound + 1, count: real.count, into: targets + column, stride: streams.count)
            for step in 0..<steps.count {
                let element = step * streams.count + column
                let isReal = step < real.count
                mask[element] = isReal ? 1 : 0
                if !isReal { (inputs[element], targets[element]) = (0, 0) }
            }
        }
    }

    /// The position of the invalid token.
    private func outsideVocabulary(_ steps: Range<Int>) -> TextDataError {
        for stream in streams {
            let real = realPredictions(stream: stream, steps: steps)
            for position in real.lowerBound...real.upperBound where position < tokens.count {
                let token = tokens.tokenID(at: position)
                if !(0..<tokens.vocabularySize).contains(Int(token)) { return tokens.tokenOutsideVocabulary(at: position) }
            }
        }
        return .fileChanged(path: tokens.path)
    }

    /// The predictions of `stream` in `steps`, without padding.
    private func realPredictions(stream: Int, steps: Range<Int>) -> Range<Int> {
        let all = streamLayout.predictions(ofStream: stream)
        let start = min(all.lowerBound + steps.lowerBound, all.upperBound)
        return start..<min(start + steps.count, all.upperBound)
    }
}
