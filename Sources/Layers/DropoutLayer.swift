public import Tensors

/// Dropout on what a layer reads of those below, in training alone.
public struct DropoutLayer {
    private let dropout: Dropout
    private let place: Int
    private let input: MatrixView
    private let dropped: MatrixView?  // nil where nothing is dropped

    /// - Parameters:
    ///   - place: tells this layer's masks from those of others.
    ///   - input: the rows of the longest window.
    public init(probability: Float, place: Int, input: MatrixView, _ builder: Builder) {
        dropout = Dropout(probability: probability)
        self.place = place
        self.input = input
        let drops = builder.capacity.training && probability > 0
        dropped = drops ? builder.workspace.matrix(rows: builder.capacity.rows, columns: input.columns) : nil
    }

    /// Whether a window is changed.
    public func drops(_ window: Window) -> Bool { dropped != nil && window.dropoutKey != nil }

    /// Drops units of the window's input; `output` then has the rest.
    public func forward(_ window: Window) {
        if drops(window) { apply(window, input.prefix(rows: window.rows), into: output(window)) }
    }

    /// What is left of the window, after `forward`: the input itself where nothing is dropped.
    public func output(_ window: Window) -> MatrixView {
        ((drops(window) ? dropped : nil) ?? input).prefix(rows: window.rows)
    }

    /// The gradient of the output becomes that of the input.
    public func backward(_ gradient: MatrixView, _ window: Window) {
        if drops(window) { apply(window, gradient, into: gradient) }
    }

    private func apply(_ window: Window, _ x: MatrixView, into y: MatrixView) {
        guard let key = window.dropoutKey else { return }
        dropout.apply(
            steps: window.steps, streams: window.streams, columns: x.columns, layer: place, key: key, x: x.pointer,
            y: y.pointer)
    }
}

/// The window at hand.
public struct Window {
    public let steps: Int
    public let streams: Int
    /// What its dropout depends on; nil for none.
    public let dropoutKey: Dropout.Key?
    public var rows: Int { steps * streams }

    public init(steps: Int, streams: Int, dropoutKey: Dropout.Key? = nil) {
        self.steps = steps
        self.streams = streams
        self.dropoutKey = dropoutKey
    }
}
