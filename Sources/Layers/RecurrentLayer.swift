public import Tensors

/// One recurrent layer over a window, with truncated backpropagation through time; its subclasses are the cells.
///
/// Forward: the input product for the whole window at once, `gates = x W_ih^T + biases`, then for each step the
/// recurrent product and the cell's arithmetic. Backward: the steps in reverse, then the products for the weight gradients.
/// The state is carried from window to window without gradient.
///
/// What belongs to whole windows has a row for each of this rank's streams. The steps run over `stepStreams` and `units`: the same streams
/// and all units, in the same memory, unless the ranks of a team divide the steps (`RecurrentLayer+Team.swift`).
///
/// Kept for the backward pass: T B (G+1) H floats, and what the cell adds.
public class RecurrentLayer {
    let parameters: RecurrentParameters
    let capacity: WindowCapacity
    let hiddenSize: Int
    let gateCount: Int

    /// Preactivations from the input, and in the end the gradients of preactivations: `[T*B, G*H]`, spread.
    let gates: MatrixView
    /// `[(T+1)*B, H]`: the state before the window, then h after each step.
    let hidden: MatrixView
    /// The gradient of h before the window, `[B, H]`, after a backward pass.
    let dHidden: MatrixView

    /// The ranks that divide the steps, where they do.
    let team: StepTeam?
    /// B': the streams of a step.
    let stepStreams: Int
    /// The U units of a step.
    let units: Range<Int>
    /// Preactivations, then activated gates, then their gradients: `[T*B', G*U]`, spread.
    let stepGates: MatrixView
    /// h before the window, then after each step: `[(T+1)*B', U]`.
    let stepHidden: MatrixView
    /// The gradient that reaches h from the step after, `[B', U]`.
    let dStepHidden: MatrixView

    private let packedInput: PackedMatrix
    private let packedInputBackward: PackedMatrix?
    /// `b_ih + b_hh` `[G*H]`, as of the last `forward`.
    private let biasSum: MatrixView

    /// State buffers, `[B, H]` each: h, and what the cell adds (the LSTM's c). Made once, since an array costs an allocation.
    public private(set) final lazy var states = makeStates()

    /// The sets of gates whose gradients are needed row by row, as the steps have them and as the window has them. The recurrent product's
    /// is the last.
    private(set) final lazy var gateSets = makeGateSets()

    /// What the team shares; nil without one.
    private(set) final lazy var ring = team.map {
        StepRing(
            $0.shared, streams: stepStreams, gateColumns: gateCount * hiddenSize, hiddenSize: hiddenSize, sets: gateSets.count)
    }

    init(
        parameters: RecurrentParameters, weights: PackedWeights, capacity: WindowCapacity, team: StepTeam?, workspace: Workspace
    ) {
        self.parameters = parameters
        self.capacity = capacity
        hiddenSize = parameters.hiddenSize
        gateCount = parameters.gateCount
        let gateColumns = gateCount * hiddenSize
        gates = workspace.gradientMatrix(rows: capacity.rows, columns: gateColumns)
        hidden = workspace.matrix(rows: capacity.rows + capacity.streams, columns: hiddenSize)
        dHidden = workspace.matrix(rows: capacity.training ? capacity.streams : 0, columns: hiddenSize)
        self.team = team
        if let team {
            (stepStreams, units) = (team.division.streams, team.division.units(of: hiddenSize))
            let rows = capacity.steps * stepStreams
            stepGates = workspace.spreadMatrix(rows: rows, columns: gateCount * units.count)
            stepHidden = workspace.matrix(rows: rows + stepStreams, columns: units.count)
            dStepHidden = workspace.matrix(rows: capacity.training ? stepStreams : 0, columns: units.count)
        } else {
            (stepStreams, units) = (capacity.streams, 0..<hiddenSize)
            (stepGates, stepHidden, dStepHidden) = (gates, hidden, dHidden)
        }
        biasSum = workspace.matrix(rows: 1, columns: gateColumns)
        packedInput = weights.matrix(parameters.weightInput, .forward)
        packedInputBackward = capacity.training ? weights.matrix(parameters.weightInput, .backward) : nil
    }

    /// h of every step of the window, `[T*B, H]`.
    public var output: MatrixView { hidden.slice(rows: capacity.streams..<hidden.rows) }

    // MARK: What a cell provides

    /// What `states` is; the default is h alone.
    func makeStates() -> [MatrixView] { [hidden.prefix(rows: capacity.streams)] }

    /// What the input product starts from, `[G*H]`; the default is the sum of both biases.
    func inputBias() -> UnsafePointer<Float> {
        RowKernels.fill(biasSum, bias: parameters.biasInput.value, other: parameters.biasHidden.value)
        return UnsafePointer(biasSum.pointer)
    }

    /// Step `t` for the units: the recurrent product with all of h before it, `previous` `[B', H]`, the cell's arithmetic, h.
    func step(_ t: Int, previous: MatrixView) { preconditionFailure("a cell provides step(_:previous:)") }

    /// The reverse of `step(t)` up to the product: from the whole gradient of h at `t` in `dStepHidden`, `stepGates` at `t` become gradients
    /// of preactivations, and `dStepHidden` what of the gradient of h at `t - 1` does not pass through the product.
    func stepBackward(_ t: Int) { preconditionFailure("a cell provides stepBackward(_:)") }

    /// The rest: with the gradients of all units, `dGates` `[B', G*H]` of the last of `gateSets`, `dStepHidden` becomes the gradient of h
    /// at `t - 1`.
    func gradientBeforeStep(of dGates: MatrixView) { preconditionFailure("a cell provides gradientBeforeStep(of:)") }

    /// Clears what a cell carries backward from step to step besides `dStepHidden`.
    func beginBackward() {}

    /// What `gateSets` is.
    func makeGateSets() -> [(step: MatrixView, window: MatrixView)] { [(stepGates, gates)] }

    /// What a cell carries from step to step besides h, in a team; the default is nothing.
    var carried: CarriedState? { nil }

    /// The gradients of the recurrent weights and of `biasHidden`, after those of the input weights; the default fits cells whose hidden
    /// product lands in `gates`.
    func hiddenGradients(steps: Int, rows: GradientRows) {
        rows.weightGradient(
            parameters.weightHidden, steps: steps, dY: gates.prefix(rows: steps * capacity.streams),
            x: previousHidden(steps: steps))
        rows.copyGradients(of: parameters.biasInput, to: parameters.biasHidden)
    }

    /// The gradients of all weights and biases; the default is for the same cells, whose gates' gradients it reads once.
    func parameterGradients(_ input: MatrixView, steps: Int, rows: GradientRows) {
        let dGates = gates.prefix(rows: steps * capacity.streams)
        rows.weightGradients(
            (parameters.weightInput, input), (parameters.weightHidden, previousHidden(steps: steps)), bias: parameters.biasInput,
            steps: steps, dY: dGates)
        rows.copyGradients(of: parameters.biasInput, to: parameters.biasHidden)
    }

    /// The gradient of the state before the window, `[B, H]`, numbered as `states`.
    func stateGradient(_ index: Int) -> MatrixView { dHidden }

    // MARK: A window

    /// Sets the state to that at the start of an epoch: zero, or the learned one.
    public final func resetState() {
        for (index, state) in states.enumerated() {
            if index < parameters.initialStates.count {
                RowKernels.fill(state, bias: parameters.initialStates[index].value)
            } else {
                state.pointer.update(repeating: 0, count: state.count)
            }
        }
    }

    /// Runs the window over `input` `[steps*streams, I]` from the state; h goes to `output`.
    public final func forward(_ input: MatrixView, steps: Int) {
        let used = gates.prefix(rows: steps * capacity.streams)
        packedInput.multiply(input, into: used, from: .bias(inputBias()))
        run(steps) { _ in }
    }

    /// The same over an input with equal rows, whose products are made once: to the same bits. `products`, `[n, G*H]` for as many distinct
    /// rows as there may be, is overwritten.
    public final func forward(_ input: RepeatedRows, products: MatrixView, steps: Int) {
        let products = products.prefix(rows: input.distinct.rows)
        packedInput.multiply(input.distinct, into: products, from: .bias(inputBias()))
        run(steps) { t in RowKernels.gather(products, ids: input.numbers + t * capacity.streams, into: gates(at: t)) }
    }

    /// The steps, each after `prepare` has made `gates` at it.
    private func run(_ steps: Int, prepare: (Int) -> Void) {
        if let team { return run(steps, in: team, prepare: prepare) }
        for t in 0..<steps {
            prepare(t)
            step(t, previous: hidden(at: t - 1))
        }
    }

    /// Backpropagation through the window, which `forward` ran just before.
    ///
    /// `dOutput` `[steps*streams, H]` is the loss's gradient by `output`; every parameter's gradient is overwritten;
    /// `dInput` `[steps*streams, I]`, where given, is overwritten. `atEpochStart` says that the window began with `resetState`.
    public final func backward(
        _ input: MatrixView, dOutput: MatrixView, dInput: MatrixView?, steps: Int, rows: GradientRows, atEpochStart: Bool
    ) {
        backwardThroughTime(dOutput, steps: steps)
        parameterGradients(input, steps: steps, rows: rows)
        initialStateGradients(rows: rows, atEpochStart: atEpochStart)
        if let dInput { inputGradient(of: gates.prefix(rows: steps * capacity.streams), into: dInput) }
    }

    /// The same over an input with equal rows: a shard's gates' gradients are summed by distinct row, and what follows is done once for
    /// each. `dInput` `[n, I]` becomes the gradient of the distinct rows; `products` is as for `forward`.
    public final func backward(
        _ input: MergedRows, products: MatrixView, dOutput: MatrixView, dInput: MatrixView, steps: Int, rows: GradientRows,
        atEpochStart: Bool
    ) {
        backwardThroughTime(dOutput, steps: steps)
        let dGates = products.prefix(rows: input.distinct.rows)
        rows.merge(gates.prefix(rows: steps * capacity.streams), steps: steps, by: input.tokens, into: dGates)
        input.rows.weightGradient(
            parameters.weightInput, bias: parameters.biasInput, steps: 1, dY: dGates, x: input.distinct)
        hiddenGradients(steps: steps, rows: rows)
        initialStateGradients(rows: rows, atEpochStart: atEpochStart)
        inputGradient(of: dGates, into: dInput)
    }

    private func backwardThroughTime(_ dOutput: MatrixView, steps: Int) {
        dStepHidden.pointer.update(repeating: 0, count: dStepHidden.count)
        beginBackward()
        if let team { return backwardThroughTime(dOutput, steps: steps, in: team) }
        let dGates = gateSets.last!.window
        for t in stride(from: steps - 1, through: 0, by: -1) {
            RowKernels.add(dOutput.slice(rows: rowRange(t)), to: dHidden)
            stepBackward(t)
            gradientBeforeStep(of: dGates.slice(rows: rowRange(t)))
        }
    }

    private func inputGradient(of dGates: MatrixView, into dInput: MatrixView) {
        guard let packedInputBackward else { preconditionFailure("a backward pass through a model made for inference") }
        packedInputBackward.multiply(dGates, into: dInput)
    }

    /// Makes the state after the window the one before the next. Call after `backward`, which needs the old one.
    public func carryState(steps: Int) {
        let count = capacity.streams * hiddenSize
        hidden.pointer.update(from: hidden.pointer + steps * count, count: count)
    }

    private func initialStateGradients(rows: GradientRows, atEpochStart: Bool) {
        for (index, parameter) in parameters.initialStates.enumerated() {
            if atEpochStart {
                rows.biasGradient(parameter, steps: 1, dY: stateGradient(index))
            } else {
                rows.clearGradients(of: parameter)
            }
        }
    }

    // MARK: Rows of a step

    /// Rows of step `t` in a `[T*B, ...]` matrix.
    final func rowRange(_ t: Int) -> Range<Int> { (t * capacity.streams)..<((t + 1) * capacity.streams) }

    /// Gates of step `t`, `[B, G*H]`.
    final func gates(at t: Int) -> MatrixView { gates.slice(rows: rowRange(t)) }

    /// h after step `t`, and with `t` -1 before the window: `[B, H]`.
    final func hidden(at t: Int) -> MatrixView { hidden.slice(rows: rowRange(t + 1)) }

    /// Rows of step `t` in a `[T*B', ...]` matrix of the steps.
    final func stepRange(_ t: Int) -> Range<Int> { (t * stepStreams)..<((t + 1) * stepStreams) }

    /// The steps' gates at `t`, `[B', G*U]`.
    final func stepGates(at t: Int) -> MatrixView { stepGates.slice(rows: stepRange(t)) }

    /// The units of h after step `t`, and with `t` -1 before the window: `[B', U]`.
    final func stepHidden(at t: Int) -> MatrixView { stepHidden.slice(rows: stepRange(t + 1)) }

    /// h before each step, `[steps*B, H]`.
    final func previousHidden(steps: Int) -> MatrixView { hidden.prefix(rows: steps * capacity.streams) }
}
