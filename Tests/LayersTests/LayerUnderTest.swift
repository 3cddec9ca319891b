import Kinds
import Layers
import Tensors
import TestSupport

extension SeededRandom {
    mutating func fill(_ matrix: MatrixView) {
        for i in 0..<matrix.count { matrix.pointer[i] = Float.random(in: -1...1, using: &self) }
    }
}

/// The kinds of recurrent layers.
enum LayerKind: CaseIterable {
    case elmanTanh, elmanRelu, elmanSigmoid, gru, gruResetBefore, lstm

    /// The layers whose steps a team may divide.
    static let divisible = allCases.filter { $0 != .gruResetBefore }

    var cell: CellKind {
        switch self {
        case .elmanTanh, .elmanRelu, .elmanSigmoid: .elman
        case .gru, .gruResetBefore: .gru
        case .lstm: .lstm
        }
    }

    var settings: Settings {
        var settings = Settings()
        switch self {
        case .elmanTanh, .gru, .lstm: break
        case .elmanRelu: settings[CellSettings.nonlinearity] = .relu
        case .elmanSigmoid: settings[CellSettings.nonlinearity] = .sigmoid
        case .gruResetBefore: settings[CellSettings.gruReset] = .before
        }
        return settings
    }

    func makeLayer(_ shape: RecurrentShape, _ builder: Builder) -> any RecurrentLayer { Cells.layer(cell, shape, builder) }
}

/// A layer of I 7 and H 10 by default, always with the same parameters, and the inputs and output gradients of a window for some
/// streams.
final class LayerUnderTest {
    static let (steps, allStreams, inputSize) = (4, 5, 7)

    let layer: any RecurrentLayer
    /// The states by name, `[B, H]` each.
    let states: [(name: String, matrix: MatrixView)]
    let input: MatrixView  // [T*B, I]
    let streams: Range<Int>
    private let dOutput: MatrixView  // [T*B, H]
    private let dInput: MatrixView  // [T*B, I]
    private let rows: GradientRows
    private let parameters: ParameterSet
    private let workspace = Workspace()
    private let memory: (PackedWeights, Workspace)
    private let training: Bool

    /// With a team, `streams` are the streams of this member.
    init(
        _ kind: LayerKind, hiddenSize: Int = 10, streams: Range<Int> = 0..<allStreams, training: Bool = true,
        team: StepTeam? = nil
    ) {
        let (T, B, I, H) = (Self.steps, Self.allStreams, Self.inputSize, hiddenSize)
        self.streams = streams
        self.training = training
        let shape = RecurrentShape(inputSize: I, hiddenSize: H, readsTokens: true, settings: kind.settings)
        let build = BuildSettings(
            WindowCapacity(steps: T, streams: streams.count, training: training), division: team?.division)
        let needs = Builder.measure(build) { _ = kind.makeLayer(shape, $0) }
        let layout = needs.parameters
        var random = SeededRandom(state: 3)
        let values = workspace.matrix(rows: 1, columns: layout.elementCount)
        random.fill(values)
        let gradient = workspace.matrix(rows: 1, columns: training ? layout.elementCount : 0)
        parameters = ParameterSet(layout: layout, values: values.pointer, gradients: training ? [gradient.pointer] : [])
        let weights = PackedWeights(
            needs.packed, values: values.pointer,
            storage: workspace.allocate(Float.self, count: needs.packed.elementCount))
        weights.pack(0..<layout.elementCount)
        let builder = Builder(making: build, parameters: parameters, weights: weights, team: team)
        layer = kind.makeLayer(shape, builder)
        states = builder.states
        memory = (weights, builder.workspace)
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

    /// The outputs of the window and, in training, the gradient of its input.
    func run() -> (output: [Float], dInput: [Float]) {
        layer.forward(.rows(input), steps: Self.steps)
        let output = values(layer.output)
        if training {
            layer.backward(
                .rows(input), dOutput: dOutput, dInput: dInput, steps: Self.steps, rows: rows, atEpochStart: true)
        }
        return (output, values(dInput))
    }

    /// Two windows with carried state: their outputs and input gradients, and the states between them.
    func runTwice() -> (windows: [[Float]], states: [[Float]]) {
        let first = run()
        layer.carryState(steps: Self.steps)
        let states = self.states.map { values($0.matrix) }
        let second = run()
        return ([first.output, first.dInput, second.output, second.dInput], states)
    }

    /// The outputs of a window whose row `r` is row `numbers[r]` of `input`.
    func run(rows numbers: [Int32]) -> [Float] {
        layer.forward(.distinct(RepeatedRows(distinct: input.prefix(rows: 7), numbers: numbers)), steps: Self.steps)
        return values(layer.output)
    }

    /// The outputs of the same window with all rows, including repeated ones.
    func run(expanding numbers: [Int32]) -> [Float] {
        let rows = workspace.matrix(rows: input.rows, columns: input.columns)
        RowKernels.gather(input, ids: numbers, into: rows)
        layer.forward(.rows(rows), steps: Self.steps)
        return values(layer.output)
    }

    /// The rows of `streams` in results of all streams.
    static func rows(_ all: [Float], of streams: Range<Int>) -> [Float] {
        let columns = all.count / (steps * allStreams)
        return (0..<steps).flatMap { t in
            all[((t * allStreams + streams.lowerBound) * columns)..<((t * allStreams + streams.upperBound) * columns)]
        }
    }
}

/// A contiguous matrix as an array.
func values(_ matrix: MatrixView) -> [Float] { Array(UnsafeBufferPointer(start: matrix.pointer, count: matrix.count)) }
