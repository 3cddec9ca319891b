import Tensors

/// A state that goes from step to step, h or another, as the steps have it and as the window has it: the same memory unless a team divides
/// the units.
struct StepState {
    /// The letter that names it.
    let letter: String
    /// Before the window, then after each step: `[(T+1)*B', U]`.
    let steps: MatrixView
    /// The gradient that reaches the state from the steps after, `[B', U]`.
    let gradient: MatrixView
    /// Of all units of this rank's streams: before the window, then after each step, or after the last alone: `[(n+1)*B, H]`.
    let window: MatrixView
    /// The gradient of the state before the window, `[B, H]`.
    let windowGradient: MatrixView
    private let streams: Int

    /// - Parameter keepsSteps: whether `window` has every step.
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

    /// The state before and after the step with these rows, and its gradient, `[B', U]` each.
    func at(_ range: Range<Int>) -> CellStep.State {
        let before = steps.pointer + range.lowerBound * steps.columns
        return (before, before + range.count * steps.columns, gradient.pointer)
    }

    /// The window's state after so many steps, `[B, H]`.
    func window(after steps: Int) -> MatrixView { window.slice(rows: (steps * streams)..<((steps + 1) * streams)) }

    /// The state before the window, `[B, H]`.
    var first: MatrixView { window.prefix(rows: streams) }

    /// Makes the state after the window the one before the next.
    func carry(steps: Int) {
        let last = min(steps, window.rows / streams - 1)
        window.pointer.update(from: window.pointer + last * first.count, count: first.count)
    }
}

/// Gates of all steps, as the steps have them and as the window has them.
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

/// The streams and units of a layer's steps: those of its rank, or what a team leaves to it.
struct StepSize {
    let hiddenSize: Int
    /// B'.
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
