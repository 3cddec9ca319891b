/// The largest window of a model, which decides the sizes of its buffers.
public struct WindowCapacity: Sendable, Equatable {
    /// Time steps of the longest window (T).
    public let steps: Int
    /// Streams of this rank.
    public let streams: Int
    /// Whether there are backward passes, which need caches.
    public let training: Bool
    /// The most bytes of logits to keep from the loss to the backward pass, whatever the settings of the output layer allow.
    public let mostLogitBytes: Int

    /// About what a third-level cache holds.
    public static let cacheBytes = 32 << 20

    public init(steps: Int, streams: Int, training: Bool, mostLogitBytes: Int = .max) {
        precondition(steps > 0 && streams > 0, "a window of \(steps) steps and \(streams) streams")
        self.mostLogitBytes = mostLogitBytes
        self.steps = steps
        self.streams = streams
        self.training = training
    }

    /// Rows of the longest window.
    public var rows: Int { steps * streams }
}
