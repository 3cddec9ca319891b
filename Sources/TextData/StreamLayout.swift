/// How the n - 1 predictions of a text of n tokens lie in B streams: predictions p, of token p + 1 from token p, in order.
///
/// Stream b has predictions `b * streamLength ..< min((b + 1) * streamLength, n - 1)`, with
/// `streamLength = ceil((n - 1) / B)`. What the last streams lack is padding, which counts as no prediction; with more streams
/// than predictions some are padding altogether. So every token but the first is predicted exactly once an epoch.
public struct StreamLayout: Sendable, Equatable {
    /// n, the tokens of the text.
    public let tokenCount: Int
    /// B, the streams.
    public let streamCount: Int
    /// Predictions in a stream, padding included.
    public let streamLength: Int

    /// Predictions of all streams in an epoch, without padding.
    public var predictionCount: Int { tokenCount - 1 }

    /// Throws `textTooShort` (65) for fewer than 2 tokens; `source` names the text in it.
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
        // Streams that are padding altogether begin beyond the text, and may do so by more than an Int holds.
        let (start, overflow) = stream.multipliedReportingOverflow(by: streamLength)
        guard !overflow, start < predictionCount else { return predictionCount..<predictionCount }
        return start..<(start + min(streamLength, predictionCount - start))
    }

    /// Windows of `windowLength` steps in an epoch, the last of which may be shorter.
    public func windowCount(windowLength: Int) -> Int {
        precondition(windowLength > 0, "windows of \(windowLength) steps")
        return (streamLength - 1) / windowLength + 1
    }

    /// The time steps of window `window`, as offsets into every stream: `windowLength` of them, fewer in the last window.
    public func steps(ofWindow window: Int, windowLength: Int) -> Range<Int> {
        let windowCount = windowCount(windowLength: windowLength)
        precondition((0..<windowCount).contains(window), "window \(window) of \(windowCount)")
        let start = window * windowLength
        return start..<(start + min(windowLength, streamLength - start))
    }

    /// Predictions without padding that all streams have in window `window`. O(1).
    public func predictionCount(inWindow window: Int, windowLength: Int) -> Int {
        predictionCount(inWindow: window, windowLength: windowLength, streams: 0..<streamCount)
    }

    /// Predictions without padding that `streams` have in window `window`. O(1).
    public func predictionCount(inWindow window: Int, windowLength: Int, streams: Range<Int>) -> Int {
        precondition(streams.lowerBound >= 0 && streams.upperBound <= streamCount, "streams \(streams) of \(streamCount)")
        let steps = steps(ofWindow: window, windowLength: windowLength)
        // Streams before `fullCount` have no padding, that one has `remainder` predictions, and the rest have none.
        let (fullCount, remainder) = predictionCount.quotientAndRemainder(dividingBy: streamLength)
        let full = streams.clamped(to: 0..<fullCount).count
        let partial = streams.contains(fullCount) ? min(max(remainder - steps.lowerBound, 0), steps.count) : 0
        return full * steps.count + partial
    }
}
