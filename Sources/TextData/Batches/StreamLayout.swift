/// The division of the n - 1 predictions of a text of n tokens into B streams. Prediction p is that of token p + 1 from token p.
///
/// Stream b has predictions `b * streamLength ..< min((b + 1) * streamLength, n - 1)`, with `streamLength = ceil((n - 1) / B)`. The last
/// streams are padded to this length, and padding counts as no prediction. With more streams than predictions, some streams are only
/// padding. An epoch therefore predicts every token but the first exactly once.
public struct StreamLayout: Sendable, Equatable {
    /// n, the number of tokens of the text.
    public let tokenCount: Int
    /// B, the number of streams.
    public let streamCount: Int
    /// The number of predictions in a stream, including padding.
    public let streamLength: Int

    /// The number of predictions of all streams in an epoch, without padding.
    public var predictionCount: Int { tokenCount - 1 }

    /// Throws `textTooShort` (65) for fewer than 2 tokens. `source` names the text in the error.
    public init(tokenCount: Int, streamCount: Int, source: String = "the text") throws(TextDataError) {
        precondition(streamCount > 0, "\(streamCount) streams")
        guard tokenCount >= 2 else { throw .textTooShort(source: source, tokenCount: tokenCount) }
        self.tokenCount = tokenCount
        self.streamCount = streamCount
        streamLength = (tokenCount - 2) / streamCount + 1
    }

    /// The predictions of `stream` without padding, as positions of their input tokens in the text.
    public func predictions(ofStream stream: Int) -> Range<Int> {
        precondition((0..<streamCount).contains(stream), "stream \(stream) of \(streamCount)")
        // Streams of only padding begin beyond the text, by possibly more than an Int can hold.
        let (start, overflow) = stream.multipliedReportingOverflow(by: streamLength)
        guard !overflow, start < predictionCount else { return predictionCount..<predictionCount }
        return start..<(start + min(streamLength, predictionCount - start))
    }

    /// The number of windows of `windowLength` steps in an epoch. The last window may be shorter.
    public func windowCount(windowLength: Int) -> Int {
        precondition(windowLength > 0, "windows of \(windowLength) steps")
        return (streamLength - 1) / windowLength + 1
    }

    /// The time steps of window `window`, as offsets into every stream: `windowLength` steps, or fewer in the last window.
    public func steps(ofWindow window: Int, windowLength: Int) -> Range<Int> {
        let windowCount = windowCount(windowLength: windowLength)
        precondition((0..<windowCount).contains(window), "window \(window) of \(windowCount)")
        let start = window * windowLength
        return start..<(start + min(windowLength, streamLength - start))
    }

    /// The number of predictions, without padding, of all streams in window `window`. O(1).
    public func predictionCount(inWindow window: Int, windowLength: Int) -> Int {
        predictionCount(inWindow: window, windowLength: windowLength, streams: 0..<streamCount)
    }

    /// The number of predictions, without padding, of `streams` in window `window`. O(1).
    public func predictionCount(inWindow window: Int, windowLength: Int, streams: Range<Int>) -> Int {
        predictionCount(inSteps: steps(ofWindow: window, windowLength: windowLength), streams: streams)
    }

    /// The number of predictions, without padding, of `streams` in some time steps. O(1).
    func predictionCount(inSteps steps: Range<Int>, streams: Range<Int>) -> Int {
        precondition(streams.lowerBound >= 0 && streams.upperBound <= streamCount, "streams \(streams) of \(streamCount)")
        // Streams before `fullCount` have no padding, stream `fullCount` has `remainder` predictions, and the others have none.
        let (fullCount, remainder) = predictionCount.quotientAndRemainder(dividingBy: streamLength)
        let full = streams.clamped(to: 0..<fullCount).count
        let partial = streams.contains(fullCount) ? min(max(remainder - steps.lowerBound, 0), steps.count) : 0
        return full * steps.count + partial
    }
}
