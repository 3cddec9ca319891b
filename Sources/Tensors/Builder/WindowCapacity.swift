/// How large the windows of a model are: what buffers are allocated for.
public struct WindowCapacity: Sendable, Equatable {
    /// Time steps of the longest window (T).
    public let steps: Int
    /// Streams of this rank.
    public let streams: Int
    /// Whether backward passes happen, and their caches are needed.
    public let training: Bool
    /// Bytes of logits that are kept from the loss to the backward pass at most; where there are more they are made twice.
    public let mostLogitBytes: Int

    /// The default for `mostLogitBytes`: about what a third-level cache holds.
    public static let cacheBytes = 32 << 20

    public init(steps: Int, streams: Int, training: Bool, mostLogitBytes: Int = Self.cacheBytes) {
        precondition(steps > 0 && streams > 0, "a window of \(steps) steps and \(streams) streams")
        self.mostLogitBytes = mostLogitBytes
        self.steps = steps
        self.streams = streams
        self.training = training
    }

    /// Rows of the longest window.
    public var rows: Int { steps * streams }
}
