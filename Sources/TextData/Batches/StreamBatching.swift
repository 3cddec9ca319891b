import Kinds

/// The text is one sequence, divided into B contiguous streams that are read in parallel.
package enum StreamBatching: Batching {
    package static let name = "streams"
    package static let summary =
        "The text is cut into as many contiguous parts as the batch has rows; the state is carried from window to window over line ends, and is reset at the start of an epoch (Mikolov et al. 2010, Zaremba et al. 2014)."
    package static let separatesLines = false

    package static func layout(
        _ text: TokenisedText, _ shape: BatchShape, source: String
    ) throws(TextDataError) -> any BatchLayout {
        let layout = try StreamLayout(tokenCount: text.count, streamCount: shape.streamCount, source: source)
        return shape.variesLength
            ? VariableWindows(layout: layout, shape) : StreamBatches(layout: layout, windowLength: shape.windowLength)
    }
}

/// The windows of the streams of a text.
struct StreamBatches: BatchLayout {
    let layout: StreamLayout
    let windowLength: Int

    var tokenCount: Int { layout.tokenCount }
    var windowCount: Int { layout.windowCount(windowLength: windowLength) }
    var predictionCount: Int { layout.predictionCount }
    var fillsWindow: Bool { layout.streamLength >= windowLength }
    var paddingShare: Double {
        1 - Double(layout.predictionCount) / (Double(layout.streamCount) * Double(layout.streamLength))
    }

    func source(_ tokens: TokenFile, streams: Range<Int>) -> any BatchSource {
        WindowReader(tokens: tokens, layout: layout, streams: streams, windowLength: windowLength)
    }
}

extension WindowReader: BatchSource {
    public var layout: any BatchLayout { StreamBatches(layout: streamLayout, windowLength: windowLength) }

    public func window(_ index: Int, epoch: Int) -> BatchWindow {
        let predictions = streamLayout.predictionCount(inWindow: index, windowLength: windowLength)
        return BatchWindow(
            steps: streamLayout.steps(ofWindow: index, windowLength: windowLength).count, tokens: predictions,
            predictions: predictions, beginsSequences: index == 0)
    }

    public func fill(
        _ index: Int, epoch: Int, inputs: UnsafeMutableBufferPointer<Int32>, targets: UnsafeMutableBufferPointer<Int32>,
        mask: UnsafeMutableBufferPointer<Float>
    ) throws(TextDataError) {
        _ = try fill(window: index, inputs: inputs, targets: targets, mask: mask)
    }
}
