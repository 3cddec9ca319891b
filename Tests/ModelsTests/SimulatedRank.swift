import Kinds
import Layers
import Models
import Tensors
import TestSupport
import Testing

/// A window of tokens of all streams, time-major.
struct TokenWindow {
    let steps: Int
    let streams: Int
    var inputs: [Int32]
    var targets: [Int32]
    var mask: [Float]

    /// Random tokens. The second half of the last stream is padding, if there is a second half.
    init(steps: Int, streams: Int, vocabularySize: Int, seed: UInt64) {
        var random = SeededRandom(state: seed)
        let count = steps * streams
        self.steps = steps
        self.streams = streams
        inputs = (0..<count).map { _ in Int32.random(in: 0..<Int32(vocabularySize), using: &random) }
        targets = (0..<count).map { _ in Int32.random(in: 0..<Int32(vocabularySize), using: &random) }
        mask = (0..<count).map { $0 % streams == streams - 1 && $0 / streams >= (steps + 1) / 2 ? 0 : 1 }
    }

    /// Some time steps of some streams.
    func part(steps: Range<Int>, streams own: Range<Int>) -> TokenWindow {
        func cut<Value>(_ all: [Value]) -> [Value] { steps.flatMap { t in own.map { all[t * streams + $0] } } }
        var part = TokenWindow(steps: steps.count, streams: own.count, vocabularySize: 1, seed: 0)
        (part.inputs, part.targets, part.mask) = (cut(inputs), cut(targets), cut(mask))
        return part
    }
}

/// A model that computes some of the shards of a run, as one rank does, with a partial gradient for each node of its cover.
final class SimulatedRank {
    let layout: ParameterLayout
    let values: UnsafeMutablePointer<Float>
    let model: SequenceModel
    /// The nodes whose gradients this rank publishes.
    let cover: [Range<Int>]
    /// The streams of this rank among all streams.
    let streams: Range<Int>
    private let shards: Range<Int>
    private let gradients: [UnsafeMutablePointer<Float>]
    private let rows: GradientRows
    private let parameters: ParameterSet
    private let weights: PackedWeights
    private let workspace = Workspace()

    /// Stream b of `batchSize` is in shard `b*shardCount/batchSize`. A rank of a `node` computes the joint gradients together
    /// with the others.
    init(
        shape: ModelShape, steps: Int, batchSize: Int, shards: Range<Int> = 0..<1, of shardCount: Int = 1, dropout: Float = 0,
        node: SimulatedNode? = nil
    ) {
        self.shards = shards
        let ofShards = Self.streams(ofShards: shards, of: shardCount, batchSize: batchSize)
        let first = (0..<batchSize).first { shards.contains($0 * shardCount / batchSize) }!
        streams = first..<(first + ofShards[ofShards.count - 1].upperBound)
        var shape = shape
        shape.dropout = dropout
        let build = BuildSettings(
            WindowCapacity(steps: steps, streams: streams.count, training: true), sharing: node?.sharing ?? .none,
            sharesMemory: node != nil)
        let needs = shape.needs(build)
        layout = needs.parameters
        let count = layout.elementCount
        let workspace = workspace
        values = workspace.allocate(Float.self, count: count)
        let program = TreeProgram(tree: ShardTree(shardCount: shardCount), ownShards: shards)
        cover = program.outputs
        let gradients = cover.map { _ in workspace.allocate(Float.self, count: count) }
        self.gradients = gradients
        let shared = node?.gradients(ofRankWith: shards)
        parameters = ParameterSet(layout: layout, values: values) { entry in
            node.flatMap { $0.elements.contains(entry.offset) ? $0.gradients : nil } ?? gradients
        }
        weights = PackedWeights(needs, values: values, in: workspace)
        model = SequenceModel(
            shape, Builder(making: build, parameters: parameters, weights: weights, shared: shared))
        rows = GradientRows(
            program: program, streamsOfShards: ofShards, maximumSteps: steps * needs.rowsPerPrediction,
            widestInput: needs.widestInput, shared: shared)
    }

    /// The streams of each of the given shards, counted from the first of all.
    static func streams(ofShards shards: Range<Int>, of shardCount: Int, batchSize: Int) -> [Range<Int>] {
        let owned = (0..<batchSize).filter { shards.contains($0 * shardCount / batchSize) }
        return shards.map { shard in
            let its = owned.filter { $0 * shardCount / batchSize == shard }
            return (its[0] - owned[0])..<(its[its.count - 1] + 1 - owned[0])
        }
    }

    /// Computes this rank's part of the joint gradients. All ranks of the node must have run.
    func finish() { rows.shared?.finish() }

    /// Parameters uniform in +-`scale`, including biases and initial states; equal for equal seeds.
    func initialize(scale: Float = 0.5, seed: UInt64 = 1) {
        var random = SeededRandom(state: seed)
        for entry in layout.entries {
            for i in 0..<entry.count { values[entry.offset + i] = Float.random(in: -scale...scale, using: &random) }
        }
        pack()
    }

    /// Packs the weights after a change of `values`.
    func pack() { weights.pack(0..<layout.elementCount) }

    /// Packs the recurrent weights with the masks of weight dropout in a step, in `shares` parts.
    func dropWeights(_ dropout: WeightDropout, step: Int, shares: Int) {
        for index in 0..<shares {
            dropout.pack(Dropout.Key(seed: 77, step: step, firstStream: 0), into: weights, share: (index, shares))
        }
    }

    /// Masks their gradients, in parts that begin and end within rows.
    func maskGradients(_ dropout: WeightDropout, step: Int, shares: Int) {
        for all in dropout.elements {
            for index in 0..<shares {
                let part = (all.lowerBound + index * all.count / shares)..<(all.lowerBound + (index + 1) * all.count / shares)
                dropout.maskGradient(
                    Dropout.Key(seed: 77, step: step, firstStream: 0), elements: part, gradients[0] + part.lowerBound)
            }
        }
    }

    func weightDropout(_ probability: Float) -> WeightDropout? {
        WeightDropout(probability: probability, layers: 2, parameters)
    }

    /// Forward pass and loss over this rank's part of the window, and with `backward` also the backward pass. The gradient is
    /// that of the mean over the whole window. Returns the losses of this rank's rows.
    @discardableResult
    func run(_ all: TokenWindow, backward: Bool = true, atEpochStart: Bool = true, step: Int = 0) -> [Double] {
        let window = all.part(steps: 0..<all.steps, streams: streams)
        let key = Dropout.Key(seed: 77, step: step, firstStream: streams.lowerBound)
        if atEpochStart { model.resetState() }
        model.forward(window.inputs, steps: window.steps, dropoutKey: key)
        let losses =
            backward
            ? trainingLoss(window, gradientScale: 1 / all.mask.reduce(0, +))
            : model.loss(targets: window.targets, mask: window.mask)
        let found = Array(UnsafeBufferPointer(start: losses, count: window.inputs.count))
        if backward {
            model.backward(window.inputs, rows: rows, atEpochStart: atEpochStart)
        }
        model.carryState(steps: window.steps)
        return found
    }

    /// The loss of each row, after a forward pass.
    func trainingLoss(_ window: TokenWindow, gradientScale: Float) -> UnsafePointer<Double> {
        model.trainingLoss(targets: window.targets, mask: window.mask, gradientScale: gradientScale, rows: rows)
    }

    /// The backward pass of the last run of `model`, without dropout.
    func backward(_ window: TokenWindow) {
        model.backward(window.inputs, rows: rows, atEpochStart: true)
    }

    /// The sum of the losses of each shard of this rank.
    func shardLosses(_ losses: [Double], steps: Int) -> [Double] {
        var sums = [Double](repeating: .nan, count: shards.count)
        rows.shardSums(steps: steps, of: losses, into: &sums)
        return sums
    }

    /// The partial gradient of node `index` of the cover.
    func gradient(_ index: Int = 0) -> [Float] {
        Array(UnsafeBufferPointer(start: gradients[index], count: layout.elementCount))
    }

    /// The gradient of one parameter, of the first node.
    func gradient(of name: String) -> [Float] {
        guard let entry = layout.entry(named: name) else { preconditionFailure("no parameter \(name)") }
        return Array(gradient()[entry.offset..<(entry.offset + entry.count)])
    }
}

/// The shared memory of the ranks of a node, whose windows run one after another.
final class SimulatedNode {
    let sharing: GradientSharing
    /// The largest subtrees that cover its shards.
    let cover: [Range<Int>]
    /// The elements whose gradients the ranks compute jointly, and the buffers of these gradients: one for each of `cover`.
    let elements: Range<Int>
    let gradients: [UnsafeMutablePointer<Float>]
    private let needs: ModelNeeds
    private let rows: SharedRows
    private let shardsOfRanks: [Range<Int>]
    private let program: TreeProgram
    private let memory: UnsafeMutableBufferPointer<Float>
    private let workspace = Workspace()

    init(
        shape: ModelShape, steps: Int, batchSize: Int, shardsOfRanks: [Range<Int>], of shardCount: Int, sharing: GradientSharing
    ) {
        self.sharing = sharing
        needs = shape.needs(
            BuildSettings(WindowCapacity(steps: steps, streams: 1, training: true), sharing: sharing, sharesMemory: true))
        let layout = needs.parameters
        self.shardsOfRanks = shardsOfRanks
        let shards = shardsOfRanks[0].lowerBound..<shardsOfRanks[shardsOfRanks.count - 1].upperBound
        program = TreeProgram(tree: ShardTree(shardCount: shardCount), ownShards: shards)
        cover = program.outputs
        elements = needs.dividedElements
        let workspace = workspace
        // Elements that no rank writes stay NaN and are detected.
        gradients = cover.map { _ in
            let place = workspace.allocate(Float.self, count: layout.elementCount)
            for entry in layout.entries {
                (place + entry.offset).update(repeating: .nan, count: entry.count)
            }
            return place
        }
        rows = SharedRows(
            maximumSteps: steps,
            streamsOfShards: SimulatedRank.streams(ofShards: shards, of: shardCount, batchSize: batchSize), precision: .fp32)
        let count = needs.sharedCount(steps: steps, streamsOfShards: rows.streamsOfShards)
        memory = UnsafeMutableBufferPointer(start: workspace.allocate(Float.self, count: count), count: count)
    }

    fileprivate func gradients(ofRankWith shards: Range<Int>) -> SharedGradients {
        let first = shardsOfRanks[0].lowerBound
        return SharedGradients(
            rows, shardsOfRanks: shardsOfRanks.map { ($0.lowerBound - first)..<($0.upperBound - first) },
            rank: shardsOfRanks.firstIndex(of: shards)!, program: program,
            widestInput: needs.widestInput, memory: memory)
    }
}

/// The shape of a small model, and the oracle for its cell.
struct ShapeCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let shape: ModelShape
    /// The oracle's cell for this shape.
    let oracleCell: any OracleCell
    let oracleOutput: any OracleOutput

    init(
        _ name: String, _ cell: CellKind, _ oracleCell: any OracleCell, settings: Settings = Settings(),
        connection: ConnectionKind = .stacked, output: OutputKind = .full, oracleOutput: any OracleOutput = OracleFullOutput(),
        regularization: Regularization = Regularization(), mlps: (input: Int, output: Int) = (0, 0), tied: Bool = false,
        initialState: InitialState = .zero, layers: Int = 2, vocabularySize: Int = 11, tokenCounts: [Int] = []
    ) {
        testDescription = name
        self.oracleCell = oracleCell
        self.oracleOutput = oracleOutput
        var shape = ModelShape(
            cell: cell, settings: settings, connection: connection, output: output, layers: layers,
            vocabularySize: vocabularySize,
            embeddingSize: !tied ? 6 : mlps.output > 0 ? mlps.output : oracleCell.outputSize(units: 9), hiddenSize: 9,
            inputLayerSize: mlps.input, outputLayerSize: mlps.output,
            tieWeights: tied, initialState: initialState)
        shape.regularization = regularization
        shape.tokenCounts = tokenCounts
        self.shape = shape
    }

    /// Each cell under test, also with tied weights and learned states.
    static let all =
        CellUnderTest.all.flatMap { test in
            [
                ShapeCase(test.name, test.cell, test.oracle, settings: test.settings),
                ShapeCase(
                    test.name + ", tied, learned state", test.cell, test.oracle, settings: test.settings, tied: true,
                    initialState: .learned),
            ]
        } + predicting

    /// The cell whose output is the distribution over the tokens.
    static let predicting = [InitialState.zero, .learned].map { state in
        ShapeCase(
            "jordan-lm, \(state.rawValue) state", CellKind(rawValue: "jordan-lm")!, OracleJordan(output: .softmax, size: 11),
            oracleOutput: OracleProbabilities(), initialState: state, layers: 1)
    }

    /// An output layer with three groups of columns.
    static let manyTokens = ShapeCase("elman-401-tokens", .elman, OracleElman(nonlinearity: .tanh), vocabularySize: 401)
}

extension Settings {
    /// The settings of a cell. Each cell uses its own.
    static func ofCell(_ nonlinearity: Nonlinearity = .tanh, reset: GRUReset = .after) -> Settings {
        var settings = Settings()
        settings[CellSettings.nonlinearity] = nonlinearity
        settings[CellSettings.gruReset] = reset
        return settings
    }
}
