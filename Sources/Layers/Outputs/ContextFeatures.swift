public import Kinds
public import Tensors

extension OutputSettings {
    public static let maxEntOrder = Setting(
        "max-ent-order", 0, range: .whole(1...16, orZero: "for none"), placeholder: "n",
        "Direct weights from the last 1 to n tokens to the output, trained jointly (maximum-entropy features); 0: none.")
    public static let maxEntSize = Setting(
        "max-ent-size", 4_000_000, range: .whole(1...1_000_000_000), placeholder: "n",
        "Number of direct weights of --max-ent-order, among which contexts are hashed.")
}

/// The last tokens before each prediction of a window, hashed: the contexts of the last 1, 2, ... n tokens.
///
/// A context that reaches back beyond the start of the text, or of the line with sentence batching, does not exist. The last n-1 tokens of a
/// window are the state `tokens` `[B, n-1]`, each plus 1; 0: none.
public final class ContextFeatures {
    /// n.
    let order: Int
    /// The row of the window that is row 0 for the output layer.
    public var firstRow = 0
    private let streams: Int
    private let hashes: UnsafeMutablePointer<UInt64>  // [T*B, n]; 0: no such context
    private let inputs: UnsafeMutablePointer<Int32>  // [T*B]
    private let history: MatrixView  // [B, n-1], the last token first

    /// The number of contexts that the settings of a model ask for.
    public static func order(_ settings: Settings) -> Int { settings[OutputSettings.maxEntOrder] }

    /// A token is exact as a Float below this number.
    public static let mostTokens = 1 << 24

    public init(order: Int, _ builder: Builder) {
        self.order = order
        let (rows, workspace) = (builder.capacity.rows, builder.workspace)
        streams = builder.capacity.streams
        hashes = workspace.allocate(UInt64.self, count: rows * order)
        inputs = workspace.allocate(Int32.self, count: rows)
        history = workspace.matrix(rows: streams, columns: order - 1)
        if order > 1 { builder.state("tokens", history) }
    }

    /// Forgets all tokens, as at the start of an epoch.
    public func resetState() { history.pointer.update(repeating: 0, count: history.count) }

    /// Makes the last tokens of the window the history of the next.
    public func carryState(steps: Int) {
        for stream in 0..<streams {
            for back in stride(from: order - 2, through: 0, by: -1) {
                history.pointer[stream * history.rowStride + back] = token(steps - 1 - back, stream)
            }
        }
    }

    /// The token of a step plus 1, which may be before the window; 0 if there is none.
    private func token(_ step: Int, _ stream: Int) -> Float {
        if step >= 0 { return Float(inputs[step * streams + stream] + 1) }
        return history.pointer[stream * history.rowStride - step - 1]
    }

    /// Hashes the contexts of a window. Shape: `tokens` `[steps, streams]`.
    public func begin(_ tokens: UnsafePointer<Int32>, steps: Int) {
        inputs.update(from: tokens, count: steps * streams)
        for step in 0..<steps {
            for stream in 0..<streams { hash(step, stream, into: hashes + (step * streams + stream) * order) }
        }
    }

    private func hash(_ step: Int, _ stream: Int, into own: UnsafeMutablePointer<UInt64>) {
        var isComplete = true
        var value: UInt64 = 0x9E37_79B9_7F4A_7C15
        for back in 0..<order {
            let token = token(step - back, stream)
            isComplete = isComplete && token > 0
            value = Self.mixed(value, UInt64(token))
            own[back] = isComplete ? max(value, 1) : 0
        }
    }

    /// A multiplication and a shift, as in the finalizer of SplitMix64.
    private static func mixed(_ value: UInt64, _ number: UInt64) -> UInt64 {
        let product = (value ^ number) &* 0xBF58_476D_1CE4_E5B9
        return product ^ (product >> 32)
    }

    /// The row of a table of `rowCount` rows for the context of `length + 1` tokens before a row of the output layer, and for a class of its
    /// targets; -1 if there is no such context.
    func tableRow(_ row: Int, _ length: Int, of targets: Int = 0, rowCount: Int) -> Int32 {
        let value = hashes[(firstRow + row) * order + length]
        return value == 0 ? -1 : Int32(Self.mixed(value, UInt64(targets)) % UInt64(rowCount))
    }
}
