public import Kinds

/// How a text is divided into batches. To add a kind of batching, add a file and a line in ``Batchings``.
public protocol Batching: Kind {
    /// Whether each line is a separate sequence, which begins with the initial state. Otherwise the text is one sequence.
    static var separatesLines: Bool { get }

    /// The batches of a text. `source` names the text in errors.
    ///
    /// Throws `textTooShort` (65), and `noLines` (65) if lines are needed and the text has none.
    static func layout(_ text: TokenisedText, _ shape: BatchShape, source: String) throws(TextDataError) -> any BatchLayout
}

/// The sizes of a batch, and the settings that decide the order of batches.
public struct BatchShape: Sendable, Equatable {
    /// B, the number of rows of a batch, over all ranks.
    public var streamCount: Int
    /// T, the maximum number of steps of a window.
    public var windowLength: Int
    public var seed: UInt64
    /// Whether windows of streams have random lengths around T.
    public var variesLength: Bool

    public init(streamCount: Int, windowLength: Int, seed: UInt64 = 0, variesLength: Bool = false) {
        precondition(streamCount > 0 && windowLength > 0, "batches of \(streamCount) rows and \(windowLength) steps")
        (self.streamCount, self.windowLength, self.seed) = (streamCount, windowLength, seed)
        self.variesLength = variesLength
    }

    /// The longest window of `windowLength` steps, or of lengths that vary around it.
    public static func mostSteps(windowLength: Int, varies: Bool) -> Int { varies ? windowLength + 10 : windowLength }
}

/// The size of an epoch over a text, known before the text is read for training.
public protocol BatchLayout: Sendable {
    /// The number of tokens of the text.
    var tokenCount: Int { get }
    /// The number of windows in an epoch, the same in every epoch.
    var windowCount: Int { get }
    /// The number of losses that are added in an epoch, over all rows.
    var predictionCount: Int { get }
    /// Whether the text has enough tokens for one complete window, if shorter texts are an error.
    var fillsWindow: Bool { get }
    /// The share of padding in the rows of all windows, from 0 to 1.
    var paddingShare: Double { get }
    /// The share of labels that are predicted after the first window of their sequence, from 0 to 1; 0 for a text without labels.
    var lateLabelShare: Double { get }

    /// A reader of the rows `streams` from the token file of the text.
    func source(_ tokens: TokenFile, streams: Range<Int>) -> any BatchSource
}

extension BatchLayout {
    public var lateLabelShare: Double { 0 }
}

/// Fills windows for the training loop with the rows of one rank. Every rank knows the sizes of the whole window.
public protocol BatchSource {
    var layout: any BatchLayout { get }
    /// The token file.
    var tokens: TokenFile { get }
    /// The number of windows in an epoch.
    var windowCount: Int { get }

    /// The sizes of window `index` of an epoch. Epochs count from 1. Allocates nothing.
    func window(_ index: Int, epoch: Int) -> BatchWindow

    /// Reads the rows of window `index` of an epoch.
    ///
    /// Shapes: inputs, targets, mask `[steps, streams]`, time-major and contiguous. They are overwritten; elements after them are
    /// unchanged. The mask is 1 for a loss and 0 otherwise. In padding, inputs and targets are 0. Allocates nothing.
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
    /// The time steps of the window.
    public var steps: Int
    /// The number of tokens that are read, without padding.
    public var tokens: Int
    /// The number of losses that are added: the elements of the mask that are 1.
    public var predictions: Int
    /// Whether all rows begin new sequences, with the initial state. Otherwise they continue the previous window.
    public var beginsSequences: Bool

    public init(steps: Int, tokens: Int, predictions: Int, beginsSequences: Bool) {
        self.steps = steps
        self.tokens = tokens
        self.predictions = predictions
        self.beginsSequences = beginsSequences
    }
}

/// The kinds of batching of `--batching`.
public enum Batchings: KindRegistry {
    /// All kinds of batching. To add one, add a file to this folder and a line here.
    static let all: [any Batching.Type] = [
        StreamBatching.self,
        SentenceBatching.self,
    ]

    public static let key: ConfigurationKey = "batching"
    public static var kinds: [any Kind.Type] { all }

    /// The kind of batching named `name`.
    public static func batching(_ name: BatchingKind) -> any Batching.Type {
        name.selected(in: all) { $0.name }
    }
}

/// The name of a kind of batching.
public typealias BatchingKind = KindName<Batchings>

extension KindName where Registry == Batchings {
    /// Contiguous streams, the default.
    public static var streams: BatchingKind { BatchingKind(StreamBatching.self) }
    public static var sentences: BatchingKind { BatchingKind(SentenceBatching.self) }
}
