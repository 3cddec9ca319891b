public import Tensors

/// Dropout on the input of a layer, in training only.
public struct DropoutLayer {
    private let dropout: Dropout
    private let place: Int
    private let input: MatrixView
    private let dropped: MatrixView?  // nil without dropout
    private let isLocked: Bool

    /// - Parameters:
    ///   - place: distinguishes the masks of this layer from those of other layers.
    ///   - input: the rows of the longest window.
    ///   - isLocked: whether all time steps of a window have the same mask.
    public init(probability: Float, place: Int, input: MatrixView, isLocked: Bool = false, _ builder: Builder) {
        self.isLocked = isLocked
        dropout = Dropout(probability: probability)
        self.place = place
        self.input = input
        let drops = builder.capacity.training && probability > 0
        dropped = drops ? builder.workspace.matrix(rows: builder.capacity.rows, columns: input.columns) : nil
    }

    /// Whether dropout applies to the window.
    public func drops(_ window: Window) -> Bool { dropped != nil && window.dropoutKey != nil }

    /// Applies dropout to the window's input. `output` then returns the result.
    public func forward(_ window: Window) {
        if drops(window) { apply(window, input.prefix(rows: window.rows), into: output(window)) }
    }

    /// The window's rows after `forward`; the input itself without dropout.
    public func output(_ window: Window) -> MatrixView {
        ((drops(window) ? dropped : nil) ?? input).prefix(rows: window.rows)
    }

    /// Converts the gradient of the output into that of the input, in place.
    public func backward(_ gradient: MatrixView, _ window: Window) {
        if drops(window) { apply(window, gradient, into: gradient) }
    }

    private func apply(_ window: Window, _ x: MatrixView, into y: MatrixView) {
        guard let key = window.dropoutKey else { return }
        // A locked mask is that of the first time step, at each of them.
        let (parts, steps) = isLocked ? (window.steps, 1) : (1, window.steps)
        for part in 0..<parts {
            let first = part * window.streams * x.columns
            dropout.apply(
                steps: steps, streams: window.streams, columns: x.columns, layer: place, key: key, x: x.pointer + first,
                y: y.pointer + first)
        }
    }
}

/// The current window.
public struct Window {
    /// The time steps of the window.
    public let steps: Int
    public let streams: Int
    /// The key of the dropout masks; nil for no dropout.
    public let dropoutKey: Dropout.Key?
    public var rows: Int { steps * streams }

    public init(steps: Int, streams: Int, dropoutKey: Dropout.Key? = nil) {
        self.steps = steps
        self.streams = streams
        self.dropoutKey = dropoutKey
    }
}
