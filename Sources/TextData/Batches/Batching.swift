public import Kinds

/// How a text is cut into batches: a kind of batching is a file of its own and a line in ``Batchings``.
public protocol Batching: Kind {
    /// Whether each line is a sequence of its own, which begins with the state of a new text. Else the text is one sequence.
    static var separatesLines: Bool { get }

    /// The batches of a text. `source` names the text in errors.
    ///
    /// Throws `textTooShort` (65), and `noLines` (65) where lines are needed and the text has none.
    static func layout(_ text: TokenisedText, _ shape: BatchShape, source: String) throws(TextDataError) -> any BatchLayout
}

/// The sizes of a batch, and what decides the order of batches.
public struct BatchShape: Sendable, Equatable {
    /// B, the rows of a batch, over all ranks.
    public var streamCount: Int
    /// T, the maximum number of steps of a window.
    public var windowLength: Int
    public var seed: UInt64

    public init(streamCount: Int, windowLength: Int, seed: UInt64 = 0) {
        precondition(streamCount > 0 && windowLength > 0, "batches of \(streamCount) rows and \(windowLength) steps")
        (self.streamCount, self.windowLength, self.seed) = (streamCount, windowLength, seed)
    }
}

/// What an epoch over a text consists of, before the text is read for training.
public protocol BatchLayout: Sendable {
    /// Tokens of the text.
    var tokenCount: Int { get }
    /// Windows in an epoch: the same number in every epoch.
    var windowCount: Int { get }
    /// Losses that are added in an epoch, over all rows.
    var predictionCount: Int { get }
    /// Whether the text is long enough for one whole window, where shorter ones would be a fault.
    var fillsWindow: Bool { get }
    /// The part of the rows of all windows that is padding, from 0 to 1.
    var paddingShare: Double { get }

    /// The reader of the rows `streams` from the text's token file.
    func source(_ tokens: TokenFile, streams: Range<Int>) -> any BatchSource
}

/// Fills windows for the training loop: the rows of one rank. Every rank knows the sizes of the whole window.
public protocol BatchSource {
    var layout: any BatchLayout { get }
    /// The token file.
    var tokens: TokenFile { get }
    /// Windows in an epoch.
    var windowCount: Int { get }

    /// The sizes of window `index` of an epoch. Epochs are counted from 1. Allocates nothing.
    func window(_ index: Int, epoch: Int) -> BatchWindow

    /// Reads the rows of window `index` of an epoch.
    ///
    /// Shapes: inputs, targets, mask `[steps, streams]`, time-major and contiguous. They are overwritten; elements after them are
    /// unchanged. The mask is 1 where there is a loss, else 0. At padding, inputs and targets are 0. Allocates nothing.
    ///
    /// If the file has changed, verifies it first. Throws `badTokenFile` (65) if its content differs, or for a token outside the
    /// vocabulary; `file` if it cannot be read (74) or was shortened (65).
    func fill(
        _ index: Int, epoch: Int, inputs: UnsafeMutableBufferPointer<Int32>, targets: UnsafeMutableBufferPointer<Int32>,
        mask: UnsafeMutableBufferPointer<Float>
    ) throws(TextDataError)
}

/// The sizes of a window, over the rows of all ranks.
public struct BatchWindow: Sendable, Equatable {
    public var steps: Int
    /// Tokens that are read, without padding.
    public var tokens: Int
    /// Losses that are added: the elements of the mask that are 1.
    public var predictions: Int
    /// Whether all rows begin new sequences, from the initial state. Else they go on from the window before.
    public var beginsSequences: Bool

    public init(steps: Int, tokens: Int, predictions: Int, beginsSequences: Bool) {
        self.steps = steps
        self.tokens = tokens
        self.predictions = predictions
        self.beginsSequences = beginsSequences
    }
}

/// The kinds of batching among which `--batching` chooses.
public enum Batchings: KindRegistry {
    /// Every kind of batching: a new one is a file beside this one and a line here.
    static let all: [any Batching.Type] = [
        StreamBatching.self,
        SentenceBatching.self,
    ]

    public static let key: ConfigurationKey = "batching"
    public static var kinds: [any Kind.Type] { all }

    /// The kind of batching with this name.
    public static func batching(_ name: BatchingKind) -> any Batching.Type {
        guard let batching = all.first(where: { $0.name == name.rawValue }) else {
            preconditionFailure("\(name.rawValue) is no kind of batching, and yet a name of one")
        }
        return batching
    }
}

public typealias BatchingKind = KindName<Batchings>

extension KindName where Registry == Batchings {
    public static var streams: BatchingKind { BatchingKind(StreamBatching.self) }
    public static var sentences: BatchingKind { BatchingKind(SentenceBatching.self) }
}
