import Tensors

/// The recurrent layer of a cell.
///
/// Forward: the input product for the whole window, `gates = x W_ih^T + biases`, then for each step the recurrent product and the
/// cell's arithmetic. Backward: the steps in reverse, then the products for the weight gradients. The state is carried from
/// window to window without gradient.
///
/// Matrices of whole windows have a row for each of this rank's streams. The steps use `size.streams` and `size.units`. Without a
/// team these are the same streams and all units, in the same memory. With a team, its ranks divide the steps
/// (`Recurrence+Team.swift`).
///
/// Kept for the backward pass: T B (G+1) H floats, and what the cell adds.
final class Recurrence<C: Cell>: RecurrentLayer {
    private let cell: C
    private let parameters: RecurrentParameters
    let capacity: WindowCapacity
    let size: StepSize
    let gates: GateRows
    let h: StepState
    /// h, then the cell's other states.
    let states: [StepState]
    /// The cell's own parameters.
    private let vectors: [UnitVector]
    /// The sets of gates whose gradients are needed in complete rows. The last set is that of the recurrent product.
    let gateSets: [GateRows]
    /// The ranks that divide the steps, and their shared memory; nil without a team.
    let team: (StepTeam, ring: StepRing)?
    private let inputProduct: CellWeight
    /// The products with h of steps before the previous one; nil if there are none.
    private let skips: SkipProducts?
    /// The products with earlier inputs; nil if there are none.
    private let context: InputContext?
    /// Between h of the step before and the recurrent product; nil if the product reads h.
    private let transition: Transition?
    /// `b_ih + b_hh` `[G*H]`, as of the last `forward`.
    private let biasSum: MatrixView
    /// The input product of each distinct row, and its gradient in the backward pass: `[T*B, G*H]`, spread. Only for an input of
    /// tokens.
    private let tokenGates: MatrixView?
    /// For a cell that reads the input itself: the input of the current window, and in the backward pass its gradient.
    private var input: (x: MatrixView, gradient: MatrixView?)?
    var gradientObserver: ((_ step: Int, _ dH: MatrixView) -> Void)?

    init(_ shape: RecurrentShape, _ builder: Builder) {
        capacity = builder.capacity
        let columns = C.gateCount * shape.hiddenSize
        let skipped = shape.settings[CellSettings.timeSkips].steps
        let transitionSize = shape.settings[CellSettings.transitionSize]
        let isDivisible = Self.isDivisible(shape, builder)
        let size = StepSize(
            hiddenSize: shape.hiddenSize, outputSize: shape.outputSize(of: C.self),
            streams: capacity.streams, division: isDivisible ? builder.settings.division : nil)
        self.size = size
        let parameters = RecurrentParameters(of: C.self, shape, builder)
        inputProduct = CellWeight(parameters.weightInput, builder)
        gates = GateRows(gateCount: C.gateCount, size, builder)
        h = StepState(
            "h", keepsSteps: true, columns: size.isDivided ? nil : size.outputSize, history: skipped.last.map { $0 - 1 } ?? 0,
            size, builder)
        let cellBuilder = CellBuilder(
            parameters, inputProduct: inputProduct, gates: gates, isDivisible: isDivisible, size: size, builder)
        cell = C(shape.settings, cellBuilder)
        transition = transitionSize > 0 ? Transition(size: transitionSize, cellBuilder) : nil
        skips = skipped.isEmpty ? nil : SkipProducts(skipped, of: h, cellBuilder)
        self.parameters = cellBuilder.parameters
        states = [h] + cellBuilder.states
        gateSets = cellBuilder.gateSets
        vectors = cellBuilder.vectors
        precondition(states.dropFirst().map(\.letter) == C.states, "the cell allocates states other than `C.states`")
        for state in states { builder.state("\(state.letter)_l\(shape.number)", state.first) }
        for step in stride(from: 2, through: h.history + 1, by: 1) {
            builder.state("h\(step)_l\(shape.number)", h.before(step))
        }
        let length = C.readsContext ? shape.settings[CellSettings.context] : 1
        context = length > 1 ? InputContext(length, inputs: shape.inputSize, cellBuilder, builder) : nil
        biasSum = builder.workspace.matrix(rows: 1, columns: columns)
        tokenGates = shape.readsTokens && !C.readsInput && context == nil ? builder.gradientRows(columns: columns) : nil
        let ring = StepRing.Shape(
            gateColumns: columns, hiddenSize: shape.hiddenSize, gateSets: gateSets.count, states: states.count)
        if isDivisible { builder.dividesUnits(shape.hiddenSize, floatsPerStream: ring.floatsPerStream) }
        team = isDivisible ? builder.team.map { ($0, StepRing(ring, streams: size.streams, $0.shared)) } : nil
    }

    /// Whether the ranks of a node may divide the units of a step.
    private static func isDivisible(_ shape: RecurrentShape, _ builder: Builder) -> Bool {
        C.dividesUnits && shape.settings[CellSettings.timeSkips].steps.isEmpty && shape.settings[CellSettings.transitionSize] == 0
            && (builder.settings.division != nil || exceedsCache(shape.hiddenSize))
    }

    /// Whether the recurrent weights and a step's activations exceed a core's private cache. If so, the ranks of a node may
    /// divide the units of a step instead of working on their own streams.
    private static func exceedsCache(_ hiddenSize: Int) -> Bool {
        C.gateCount * hiddenSize * hiddenSize * MemoryLayout<Float>.size > 1 << 20
    }

    var readsDistinctRows: Bool { !C.readsInput && context == nil }

    var gateKinds: [CellGate] { C.gates }

    var gateNames: [String] { C.gateNames }

    var isBoundedByRecurrentMatrix: Bool { C.isBoundedByRecurrentMatrix && skips == nil && transition == nil }

    var activatedGates: MatrixView { gates.window }

    var stateGradients: [(name: String, gradient: MatrixView)] {
        precondition(!size.isDivided, "the gradient of a state in parts of units")
        return states.dropFirst().filter { !C.constantStates.contains($0.letter) }.map { ($0.letter, $0.gradient) }
    }

    var output: MatrixView { h.window.slice(rows: capacity.streams..<h.window.rows) }

    // MARK: States

    func resetState() {
        for (index, state) in states.enumerated() {
            if index < parameters.firstStates.count {
                RowKernels.fill(state.first, bias: parameters.firstStates[index].value)
            } else {
                state.window.pointer.update(repeating: 0, count: state.first.count)
            }
        }
        let past = h.history * h.first.count
        h.pastAndWindow.pointer.update(repeating: 0, count: past)
        context?.reset()
        cell.start(startOfEpoch(gates: h.first))
    }

    /// The state at the start of an epoch, `[B, H]`, as the step for `start`, which computes h in place.
    private func startOfEpoch(gates: MatrixView) -> CellStep {
        let (h, dH) = (h.first.pointer, h.windowGradient.pointer)
        return CellStep(gates: gates, units: size.outputSize, hPrevious: h, h: h, dH: dH)
    }

    func carryState(steps: Int) {
        for state in states { state.carry(steps: steps) }
        context?.carry(steps: steps)
    }

    private func firstStateGradients(rows: GradientRows, atEpochStart: Bool) {
        if atEpochStart { cell.startBackward(startOfEpoch(gates: h.windowGradient)) }
        for (parameter, state) in zip(parameters.firstStates, states) {
            if atEpochStart {
                rows.biasGradient(parameter, steps: 1, dY: state.windowGradient)
            } else {
                rows.clearGradients(of: parameter)
            }
        }
    }

    // MARK: Forward

    func forward(_ input: ForwardInput, steps: Int) {
        switch input {
        case .rows(let rows):
            multiplyInput(rows, into: gates.window.prefix(rows: rows.rows))
            context?.multiply(rows, into: gates.window.prefix(rows: rows.rows))
        case .distinct(let rows): multiplyInput(rows.distinct, into: tokenRows(rows.distinct.rows))
        }
        if let (team, ring) = team { return forward(input, steps: steps, team, ring) }
        for t in 0..<steps {
            prepareGates(t, input)
            skips?.multiply(into: gates.window.slice(rows: windowRange(t)), t)
            let previous = h.window(after: t)
            forward(t, previous: transition?.forward(previous, windowRange(t)) ?? previous)
        }
    }

    /// Computes the input's part of the preactivations, starting from the biases.
    private func multiplyInput(_ x: MatrixView, into gates: MatrixView) {
        if C.addsBiasesItself { return inputProduct.multiply(x, into: gates) }
        if C.addsHiddenBias {
            RowKernels.fill(biasSum, bias: parameters.biasInput.value, other: parameters.biasHidden.value)
        }
        let bias = C.addsHiddenBias ? biasSum.pointer : parameters.biasInput.value
        if C.readsInput {
            input = (x, nil)
            RowKernels.fill(gates, bias: bias)
        } else {
            inputProduct.multiply(x, into: gates, from: .bias(bias))
        }
    }

    private func tokenRows(_ count: Int) -> MatrixView {
        guard let tokenGates else { preconditionFailure("distinct rows for a layer that does not read tokens") }
        return tokenGates.prefix(rows: count)
    }

    /// Computes the window's gates at step `t`, if the input product has not.
    func prepareGates(_ t: Int, _ input: ForwardInput) {
        guard case .distinct(let rows) = input else { return }
        RowKernels.gather(
            tokenRows(rows.distinct.rows), ids: rows.numbers + t * capacity.streams,
            into: gates.window.slice(rows: windowRange(t)))
    }

    func forward(_ t: Int, previous: MatrixView) { cell.forward(view(t), previous: previous) }

    // MARK: Backward

    func backward(
        _ input: BackwardInput, dOutput: MatrixView, dInput: MatrixView, steps: Int, rows: GradientRows, atEpochStart: Bool
    ) {
        for state in states { state.gradient.pointer.update(repeating: 0, count: state.gradient.count) }
        for vector in vectors { vector.gradient.pointer.update(repeating: 0, count: vector.gradient.count) }
        if C.readsInput, case .rows(let x) = input { self.input = (x, dInput) }
        if let (team, ring) = team {
            backwardThroughTime(dOutput, steps: steps, team, ring)
        } else {
            backwardThroughTime(dOutput, steps: steps)
        }
        let used = steps * capacity.streams
        let window = RecurrentWindow(
            parameters: parameters, steps: steps, rows: rows, dGates: gates.window.prefix(rows: used),
            hPrevious: (transition?.rows ?? h.window).prefix(rows: used))
        var dGates = window.dGates
        switch input {
        case .rows(let x): cell.weightGradients(window, input: x)
        case .merged(let merged):
            dGates = tokenRows(merged.distinct.rows)
            rows.merge(window.dGates, steps: steps, by: merged.tokens, into: dGates)
            merged.rows.weightGradient(
                parameters.weightInput, bias: C.addsBiasesItself ? nil : parameters.biasInput, steps: 1, dY: dGates,
                x: merged.distinct)
            cell.weightGradients(window, input: nil)
        }
        firstStateGradients(rows: rows, atEpochStart: atEpochStart)
        for vector in vectors { rows.biasGradient(vector.parameter, steps: 1, dY: vector.gradient) }
        skips?.gradients(window)
        transition?.gradients(window, hPrevious: h.window.prefix(rows: used))
        if !C.readsInput { inputProduct.multiplyBackward(dGates, into: dInput) }
        context?.gradients(window)
        context?.multiplyBackward(dGates, into: dInput)
    }

    private func backwardThroughTime(_ dOutput: MatrixView, steps: Int) {
        let dGates = gateSets[gateSets.count - 1].window
        for t in stride(from: steps - 1, through: 0, by: -1) {
            RowKernels.add(dOutput.slice(rows: windowRange(t)), to: h.gradient)
            skips?.multiplyBackward(gates.window.prefix(rows: steps * capacity.streams), into: h.gradient, t)
            gradientObserver?(t, h.gradient)
            backward(t)
            let own = dGates.slice(rows: windowRange(t))
            if let transition {
                cell.productBackward(own, dH: transition.dRows)
                transition.backward(windowRange(t), into: h.gradient)
            } else {
                productBackward(own)
            }
        }
        skips?.multiplyBackward(gates.window.prefix(rows: steps * capacity.streams), into: h.gradient, -1)
    }

    func backward(_ t: Int) { cell.backward(view(t)) }

    func productBackward(_ dGates: MatrixView) { cell.productBackward(dGates, dH: h.gradient) }

    // MARK: Rows of a step

    private func view(_ t: Int) -> StepView {
        let range = stepRange(t)
        let (before, after, gradient) = h.at(range)
        return StepView(
            range: range, h: h.steps.slice(rows: stepRange(t + 1)), dH: h.gradient,
            input: input.map { ($0.x.slice(rows: range), $0.gradient?.slice(rows: range)) },
            arithmetic: CellStep(
                gates: gates.steps.slice(rows: range), units: size.units.count, hPrevious: before, h: after, dH: gradient))
    }

    /// Rows of step `t` in a `[T*B, ...]` matrix of the window.
    func windowRange(_ t: Int) -> Range<Int> { (t * capacity.streams)..<((t + 1) * capacity.streams) }

    /// Rows of step `t` in a `[T*B', ...]` matrix of the steps.
    func stepRange(_ t: Int) -> Range<Int> { (t * size.streams)..<((t + 1) * size.streams) }
}
