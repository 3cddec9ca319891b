/// How large the windows of a model are: what buffers are allocated for.
public struct WindowCapacity: Sendable, Equatable {
    /// Time steps of the longest window (T).
    public let steps: Int
    /// Streams of this rank.
    public let streams: Int
    /// Whether backward passes happen, and their caches and packed weights are needed.
    public let training: Bool

    public init(steps: Int, streams: Int, training: Bool) {
        precondition(steps > 0 && streams > 0, "a window of \(steps) steps and \(streams) streams")
        self.steps = steps
        self.streams = streams
        self.training = training
    }

    /// Rows of the longest window.
    public var rows: Int { steps * streams }
}
