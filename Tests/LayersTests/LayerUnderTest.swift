import Layers
import Tensors
import TestSupport

extension SeededRandom {
    mutating func fill(_ matrix: MatrixView) {
        for i in 0..<matrix.count { matrix.pointer[i] = Float.random(in: -1...1, using: &self) }
    }
}

/// The recurrent layers there are.
enum LayerKind: CaseIterable {
    case elmanTanh, elmanRelu, elmanSigmoid, gru, gruResetBefore, lstm

    /// Rows of the recurrent weights that are packed apart.
    func hiddenParts(_ h: Int, byGate: Bool) -> [Range<Int>] {
        if byGate { return [0..<(gateCount * h)] + (0..<gateCount).map { ($0 * h)..<(($0 + 1) * h) } }
        return self == .gruResetBefore ? [0..<(2 * h), (2 * h)..<(3 * h)] : [0..<(gateCount * h)]
    }

    /// The layers whose steps a team may divide.
    static let divisible = allCases.filter { $0 != .gruResetBefore }

    var gateCount: Int {
        switch self {
        case .elmanTanh, .elmanRelu, .elmanSigmoid: 1
        case .gru, .gruResetBefore: 3
        case .lstm: 4
        }
    }

    func make(
        _ parameters: RecurrentParameters, _ weights: PackedWeights, _ capacity: WindowCapacity, _ team: StepTeam?,
        _ workspace: Workspace
    ) -> RecurrentLayer {
        func elman(_ nonlinearity: Nonlinearity) -> RecurrentLayer {
            ElmanLayer(
                nonlinearity: nonlinearity, parameters: parameters, weights: weights, capacity: capacity, team: team,
                workspace: workspace)
        }
        return switch self {
        case .elmanTanh: elman(.tanh)
        case .elmanRelu: elman(.relu)
        case .elmanSigmoid: elman(.sigmoid)
        case .gru: GRULayer(parameters: parameters, weights: weights, capacity: capacity, team: team, workspace: workspace)
        case .gruResetBefore:
            ResetBeforeGRULayer(parameters: parameters, weights: weights, capacity: capacity, workspace: workspace)
        case .lstm: LSTMLayer(parameters: parameters, weights: weights, capacity: capacity, team: team, workspace: workspace)
        }
    }
}

/// A layer of I 7 and H 10, or as asked, with the same parameters each time, and a window's inputs and output gradients for some streams.
final class LayerUnderTest {
    static let (steps, allStreams, inputSize) = (4, 5, 7)

    let layer: RecurrentLayer
    let input: MatrixView  // [T*B, I]
    let streams: Range<Int>
    private let dOutput: MatrixView  // [T*B, H]
    private let dInput: MatrixView  // [T*B, I]
    private let rows: GradientRows
    private let parameters: ParameterSet
    private let workspace = Workspace()
    private let training: Bool
    private let gateCount: Int

    /// With a team, `streams` are this member's among all.
    init(
        _ kind: LayerKind, hiddenSize: Int = 10, streams: Range<Int> = 0..<allStreams, training: Bool = true,
        team: StepTeam? = nil
    ) {
        let (T, B, I, H) = (Self.steps, Self.allStreams, Self.inputSize, hiddenSize)
        self.streams = streams
        self.training = training
        gateCount = kind.gateCount
        var layout = ParameterLayout()
        layout.append("ih", shape: [kind.gateCount * H, I])
        layout.append("hh", shape: [kind.gateCount * H, H])
        layout.append("bih", shape: [kind.gateCount * H])
        layout.append("bhh", shape: [kind.gateCount * H])
        var random = SeededRandom(state: 3)
        let values = workspace.matrix(rows: 1, columns: layout.elementCount)
        random.fill(values)
        let gradient = workspace.matrix(rows: 1, columns: training ? layout.elementCount : 0)
        parameters = ParameterSet(layout: layout, values: values.pointer, gradients: training ? [gradient.pointer] : [])
        let own = RecurrentParameters(
            weightInput: parameters.parameter("ih"), weightHidden: parameters.parameter("hh"),
            biasInput: parameters.parameter("bih"), biasHidden: parameters.parameter("bhh"), initialStates: [],
            packedByGate: team != nil)
        let weights = PackedWeights(
            of: parameters, ["ih"], parts: kind.hiddenParts(H, byGate: team != nil).map { ("hh", $0) }, in: workspace)
        layer = kind.make(own, weights, WindowCapacity(steps: T, streams: streams.count, training: training), team, workspace)
        let (allInput, allDOutput) = (workspace.matrix(rows: T * B, columns: I), workspace.matrix(rows: T * B, columns: H))
        random.fill(allInput)
        random.fill(allDOutput)
        input = Self.part(allInput, streams, workspace)
        dOutput = Self.part(allDOutput, streams, workspace)
        dInput = workspace.matrix(rows: T * streams.count, columns: I)
        rows = GradientRows(
            program: TreeProgram(tree: ShardTree(shardCount: 1), ownShards: 0..<1), streamsOfShards: [0..<streams.count],
            maximumSteps: T, widestInput: H)
        layer.resetState()
    }

    /// The rows of some streams of a time-major matrix.
    static func part(_ all: MatrixView, _ streams: Range<Int>, _ workspace: Workspace) -> MatrixView {
        let result = workspace.matrix(rows: steps * streams.count, columns: all.columns)
        for t in 0..<steps {
            let from = all.slice(rows: (t * allStreams + streams.lowerBound)..<(t * allStreams + streams.upperBound))
            (result.pointer + t * from.count).update(from: from.pointer, count: from.count)
        }
        return result
    }

    /// Outputs of the window and, in training, the gradient of its input.
    func run() -> (output: [Float], dInput: [Float]) {
        layer.forward(input, steps: Self.steps)
        let output = values(layer.output)
        if training {
            layer.backward(
                input, dOutput: dOutput, dInput: dInput, steps: Self.steps, rows: rows, atEpochStart: true)
        }
        return (output, values(dInput))
    }

    /// Two windows, the second with the state carried: their outputs and input gradients, and the states between them.
    func runTwice() -> (windows: [[Float]], states: [[Float]]) {
        let first = run()
        layer.carryState(steps: Self.steps)
        let states = layer.states.map { values($0) }
        let second = run()
        return ([first.output, first.dInput, second.output, second.dInput], states)
    }

    /// Outputs of a window whose row `r` is row `numbers[r]` of `input`, each given once.
    func run(rows numbers: [Int32]) -> [Float] {
        let products = workspace.spreadMatrix(rows: input.rows, columns: layer.states[0].columns * gateCount)
        layer.forward(RepeatedRows(distinct: input.prefix(rows: 7), numbers: numbers), products: products, steps: Self.steps)
        return values(layer.output)
    }

    /// The same with every row given.
    func run(expanding numbers: [Int32]) -> [Float] {
        let rows = workspace.matrix(rows: input.rows, columns: input.columns)
        RowKernels.gather(input, ids: numbers, into: rows)
        layer.forward(rows, steps: Self.steps)
        return values(layer.output)
    }

    /// The rows of `streams` out of results of all streams.
    static func rows(_ all: [Float], of streams: Range<Int>) -> [Float] {
        let columns = all.count / (steps * allStreams)
        return (0..<steps).flatMap { t in
            all[((t * allStreams + streams.lowerBound) * columns)..<((t * allStreams + streams.upperBound) * columns)]
        }
    }
}

extension PackedWeights {
    /// Whole matrices, and rows of some, packed both ways in memory of the workspace.
    convenience init(
        of parameters: ParameterSet, _ names: [String], parts: [(name: String, rows: Range<Int>)] = [], in workspace: Workspace
    ) {
        let all = names.map { ($0, 0..<parameters.parameter($0).rows) } + parts
        let layout = PackedLayout(
            all.flatMap { name, rows in
                [PackedOperand.Form.forward, .backward].map { PackedOperand(name: name, rows: rows, form: $0) }
            }, of: parameters.layout)
        self.init(
            layout, values: parameters.values, storage: workspace.allocate(Float.self, count: layout.elementCount))
        pack(0..<parameters.layout.elementCount)
    }
}

/// A matrix without gaps as an array.
func values(_ matrix: MatrixView) -> [Float] { Array(UnsafeBufferPointer(start: matrix.pointer, count: matrix.count)) }
