/// The windows of the streams of a text, of random lengths around T.
///
/// A length is drawn around T with probability 0.95, otherwise around T/2: with a standard deviation of 5 steps, and at least 5 and at most T + 10
/// steps. The lengths depend on the seed; each epoch has the same ones in another order, so that all epochs have as many windows.
/// Source: Merity, Keskar & Socher 2018, section 5. The normal distribution is approximated by the sum of twelve uniform numbers.
struct VariableWindows: BatchLayout {
    let layout: StreamLayout
    let windowLength: Int
    let seed: UInt64
    /// The lengths, without order.
    let lengths: [Int32]

    init(layout: StreamLayout, _ shape: BatchShape) {
        (self.layout, windowLength, seed) = (layout, shape.windowLength, shape.seed)
        var random = SplitMix64(seed: shape.seed &* 0x9E37_79B9_7F4A_7C15)
        var lengths: [Int32] = []
        var rest = layout.streamLength
        while rest > 0 {
            let length = min(Self.length(around: shape.windowLength, &random), rest)
            lengths.append(Int32(length))
            rest -= length
        }
        self.lengths = lengths
    }

    private static func length(around T: Int, _ random: inout SplitMix64) -> Int {
        func uniform() -> Double { Double(random.next() >> 11) * 0x1p-53 }
        let mean = uniform() < 0.95 ? Double(T) : Double(T) / 2
        let normal = (0..<12).reduce(-6.0) { sum, _ in sum + uniform() }
        let length = Int((mean + 5 * normal).rounded())
        return min(max(length, min(5, T)), BatchShape.mostSteps(windowLength: T, varies: true))
    }

    var tokenCount: Int { layout.tokenCount }
    var windowCount: Int { lengths.count }
    var predictionCount: Int { layout.predictionCount }
    var fillsWindow: Bool { layout.streamLength >= windowLength }
    var paddingShare: Double { StreamBatches(layout: layout, windowLength: windowLength).paddingShare }

    func source(_ tokens: TokenFile, streams: Range<Int>) -> any BatchSource {
        VariableWindowReader(
            WindowReader(tokens: tokens, layout: layout, streams: streams, windowLength: windowLength), self)
    }
}

/// Reads windows of random lengths.
final class VariableWindowReader: BatchSource {
    private let reader: WindowReader
    private let windows: VariableWindows
    private var epoch = -1
    private let lengths: UnsafeMutableBufferPointer<Int32>  // in the order of the epoch
    private let starts: UnsafeMutableBufferPointer<Int>  // of the windows, and finally the end

    init(_ reader: WindowReader, _ windows: VariableWindows) {
        (self.reader, self.windows) = (reader, windows)
        lengths = .allocate(capacity: windows.lengths.count)
        starts = .allocate(capacity: windows.lengths.count + 1)
        lengths.initialize(repeating: 0)
        starts.initialize(repeating: 0)
    }

    deinit {
        lengths.deallocate()
        starts.deallocate()
    }

    var layout: any BatchLayout { windows }
    var tokens: TokenFile { reader.tokens }
    var windowCount: Int { windows.windowCount }

    /// The time steps of a window. Cost: one pass over the windows at the first one of an epoch. Allocates nothing.
    private func steps(_ index: Int, _ epoch: Int) -> Range<Int> {
        if epoch != self.epoch { order(epoch) }
        return starts[index]..<starts[index + 1]
    }

    private func order(_ epoch: Int) {
        self.epoch = epoch
        windows.lengths.withUnsafeBufferPointer { all in
            for place in all.indices { lengths[place] = all[place] }
        }
        var random = SplitMix64(seed: windows.seed &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(epoch))
        lengths.shuffle(lengths.indices, using: &random)
        for place in lengths.indices { starts[place + 1] = starts[place] + Int(lengths[place]) }
    }

    func window(_ index: Int, epoch: Int) -> BatchWindow {
        let steps = steps(index, epoch)
        let layout = windows.layout
        let predictions = layout.predictionCount(inSteps: steps, streams: 0..<layout.streamCount)
        return BatchWindow(steps: steps.count, tokens: predictions, predictions: predictions, beginsSequences: index == 0)
    }

    func fill(
        _ index: Int, epoch: Int, inputs: UnsafeMutableBufferPointer<Int32>, targets: UnsafeMutableBufferPointer<Int32>,
        mask: UnsafeMutableBufferPointer<Float>
    ) throws(TextDataError) {
        try reader.fill(steps: steps(index, epoch), inputs: inputs, targets: targets, mask: mask)
    }
}
