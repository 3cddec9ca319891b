import Tensors

/// A state that is carried from step to step: as the steps use it, and as the window uses it. Both are the same memory unless a
/// team divides the units.
struct StepState {
    /// The letter of its name.
    let letter: String
    /// Before the window, then after each step: `[(T+1)*B', U]`.
    let steps: MatrixView
    /// The gradient that the state receives from later steps, `[B', U]`.
    let gradient: MatrixView
    /// All units of this rank's streams, before the window and then after each step, or only after the last step: `[(n+1)*B, H]`.
    let window: MatrixView
    /// The gradient of the state before the window, `[B, H]`.
    let windowGradient: MatrixView
    private let streams: Int

    /// - Parameter keepsSteps: whether `window` contains every step.
    init(_ letter: String, keepsSteps: Bool, _ size: StepSize, _ builder: Builder) {
        let (workspace, capacity) = (builder.workspace, builder.capacity)
        self.letter = letter
        streams = capacity.streams
        steps = workspace.matrix(rows: (capacity.steps + 1) * size.streams, columns: size.units.count)
        gradient = workspace.matrix(rows: capacity.training ? size.streams : 0, columns: size.units.count)
        if size.isDivided {
            window = workspace.matrix(rows: ((keepsSteps ? capacity.steps : 1) + 1) * streams, columns: size.hiddenSize)
            windowGradient = workspace.matrix(rows: capacity.training ? streams : 0, columns: size.hiddenSize)
        } else {
            (window, windowGradient) = (steps, gradient)
        }
    }

    /// The state before and after the step with rows `range`, and its gradient, `[B', U]` each.
    func at(_ range: Range<Int>) -> CellStep.State {
        let before = steps.pointer + range.lowerBound * steps.columns
        return (before, before + range.count * steps.columns, gradient.pointer)
    }

    /// The state after `steps` steps of the window, `[B, H]`.
    func window(after steps: Int) -> MatrixView { window.slice(rows: (steps * streams)..<((steps + 1) * streams)) }

    /// The state before the window, `[B, H]`.
    var first: MatrixView { window.prefix(rows: streams) }

    /// Makes the state after the window the initial state of the next.
    func carry(steps: Int) {
        let last = min(steps, window.rows / streams - 1)
        window.pointer.update(from: window.pointer + last * first.count, count: first.count)
    }
}

/// Gates of all steps: as the steps use them, and as the window uses them.
struct GateRows {
    /// `[T*B', G*U]`, spread.
    let steps: MatrixView
    /// `[T*B, G*H]`, spread.
    let window: MatrixView

    init(gateCount: Int, _ size: StepSize, _ builder: Builder) {
        window = builder.gradientRows(columns: gateCount * size.hiddenSize)
        steps =
            size.isDivided
            ? builder.workspace.spreadMatrix(rows: builder.capacity.steps * size.streams, columns: gateCount * size.units.count)
            : window
    }
}

/// The streams and units of a layer's steps: those of the rank, or its part in a team.
struct StepSize {
    let hiddenSize: Int
    /// The number of streams, B'.
    let streams: Int
    /// The U units.
    let units: Range<Int>
    let isDivided: Bool

    init(hiddenSize: Int, streams: Int, division: UnitDivision?) {
        self.hiddenSize = hiddenSize
        self.streams = division?.streams ?? streams
        units = division?.units(of: hiddenSize) ?? 0..<hiddenSize
        isDivided = division != nil
    }
}
