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
    /// `window` with earlier steps before it: `[(history+n+1)*B, H]`.
    let pastAndWindow: MatrixView
    /// The number of additional earlier steps that are carried to the next window.
    let history: Int
    private let streams: Int

    /// - Parameters:
    ///   - keepsSteps: whether `window` contains every step.
    ///   - columns: for a state whose units ranks do not divide. Default: the number of units.
    ///   - history: see ``history``. Only such a state has one.
    init(
        _ letter: String, keepsSteps: Bool, columns: Int? = nil, history: Int = 0, _ size: StepSize, _ builder: Builder
    ) {
        let (workspace, capacity) = (builder.workspace, builder.capacity)
        self.letter = letter
        streams = capacity.streams
        self.history = history
        let columns = columns ?? size.units.count
        let all = workspace.matrix(rows: (history + capacity.steps + 1) * size.streams, columns: columns)
        steps = all.slice(rows: (history * size.streams)..<all.rows)
        gradient = workspace.matrix(rows: capacity.training ? size.streams : 0, columns: columns)
        if size.isDivided {
            window = workspace.matrix(rows: ((keepsSteps ? capacity.steps : 1) + 1) * streams, columns: size.hiddenSize)
            windowGradient = workspace.matrix(rows: capacity.training ? streams : 0, columns: size.hiddenSize)
        } else {
            (window, windowGradient) = (steps, gradient)
        }
        pastAndWindow = history > 0 ? all : window
    }

    /// The state before and after the step with rows `range`, and its gradient, `[B', U]` each.
    func at(_ range: Range<Int>) -> CellStep.State {
        let before = steps.pointer + range.lowerBound * steps.columns
        return (before, before + range.count * steps.columns, gradient.pointer)
    }

    /// The state after the step with the rows `range`, `[B', U]`.
    func after(_ range: Range<Int>) -> MatrixView {
        steps.slice(rows: range.upperBound..<(range.upperBound + range.count))
    }

    /// The state after `steps` steps of the window, `[B, H]`.
    func window(after steps: Int) -> MatrixView { window.slice(rows: (steps * streams)..<((steps + 1) * streams)) }

    /// The state before the window, `[B, H]`.
    var first: MatrixView { window.prefix(rows: streams) }

    /// The state `steps` steps before the first step of the window, `[B, H]`: 1 is `first`.
    func before(_ steps: Int) -> MatrixView {
        let block = history + 1 - steps
        return pastAndWindow.slice(rows: (block * streams)..<((block + 1) * streams))
    }

    /// Makes the state after the window the initial state of the next.
    func carry(steps: Int) {
        let last = min(steps, window.rows / streams - 1)
        let past = pastAndWindow.pointer
        past.update(from: past + last * first.count, count: (history + 1) * first.count)
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
    /// O, columns of h; equal to the number of units if ranks divide them.
    let outputSize: Int
    let isDivided: Bool

    init(hiddenSize: Int, outputSize: Int, streams: Int, division: UnitDivision?) {
        precondition(division == nil || outputSize == hiddenSize, "divided units of \(hiddenSize) with \(outputSize) outputs")
        self.hiddenSize = hiddenSize
        self.outputSize = outputSize
        self.streams = division?.streams ?? streams
        units = division?.units(of: hiddenSize) ?? 0..<hiddenSize
        isDivided = division != nil
    }
}
