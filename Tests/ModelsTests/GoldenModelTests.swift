import Kinds
import Layers
import Models
import Tensors
import Testing

/// A Float model with its own memory and gradients for chosen shards.
final class OwnedModel {
    let shape: ModelShape
    let layout: ParameterLayout
    let values: UnsafeMutablePointer<Float>
    let gradients: [UnsafeMutablePointer<Float>]
    let model: SequenceModel
    let rows: GradientRows
    private let workspace = Workspace()
    private let parameters: ParameterSet
    private let weights: PackedWeights

    /// `streams` streams in `shards` shards on one rank. `ownShards` are its shards in the tree.
    init(
        shape: ModelShape, steps: Int, streams: Int, shards: Int = 1, dropout: Float = 0, keepsLogits: Bool = true,
        precision: Precision = .fp32
    ) {
        var shape = shape
        shape.dropout = dropout
        self.shape = shape
        let build = BuildSettings(
            WindowCapacity(
                steps: steps, streams: streams, training: true, mostLogitBytes: keepsLogits ? WindowCapacity.cacheBytes : 0),
            precision: precision)
        let needs = shape.needs(build)
        layout = needs.parameters
        values = workspace.allocate(Float.self, count: layout.elementCount)
        let tree = ShardTree(shardCount: shards)
        gradients = [workspace.allocate(Float.self, count: layout.elementCount)]
        parameters = ParameterSet(layout: layout, values: values, gradients: gradients)
        weights = PackedWeights(needs, values: values, in: workspace)
        model = SequenceModel(shape, Builder(making: build, parameters: parameters, weights: weights))
        let streamsOfShards = (0..<shards).map { shard in
            ((shard * streams + shards - 1) / shards)..<(((shard + 1) * streams + shards - 1) / shards)
        }
        rows = GradientRows(
            program: TreeProgram(tree: tree, ownShards: 0..<shards), streamsOfShards: streamsOfShards,
            maximumSteps: steps * needs.rowsPerPrediction,
            widestInput: needs.widestInput, precision: precision)
    }

    func set(_ name: String, _ newValues: [Double]) throws {
        let entry = try #require(layout.entry(named: name), "no parameter \(name)")
        try #require(entry.count == newValues.count)
        for (i, value) in newValues.enumerated() { values[entry.offset + i] = Float(value) }
    }

    func gradient(_ name: String) throws -> [Double] {
        let entry = try #require(layout.entry(named: name), "no parameter \(name)")
        return (0..<entry.count).map { Double(gradients[0][entry.offset + $0]) }
    }

    /// Forward pass, loss and backward pass over one window. Returns the mean loss.
    func run(inputs: [Int], targets: [Int], mask: [Double], steps: Int, atEpochStart: Bool, key: Dropout.Key? = nil) -> Double {
        let inputs = inputs.map(Int32.init)
        let targets = targets.map(Int32.init)
        let real = mask.reduce(0, +)
        weights.pack(0..<layout.elementCount)
        if atEpochStart { model.resetState() }
        model.forward(inputs, steps: steps, dropoutKey: key)
        let losses = model.trainingLoss(
            targets: targets, mask: mask.map { Float($0) }, gradientScale: Float(1 / real), rows: rows)
        let loss = (0..<inputs.count).reduce(0) { $0 + losses[$1] } / real
        model.backward(inputs, rows: rows, atEpochStart: atEpochStart)
        model.carryState(steps: steps)
        return loss
    }
}

extension PackedWeights {
    /// Allocates the packed weights of a model in the workspace, without packing them.
    convenience init(_ needs: ModelNeeds, values: UnsafePointer<Float>, in workspace: Workspace) {
        self.init(
            needs.packed, values: values, storage: workspace.allocate(Float.self, count: needs.packed.elementCount))
    }
}

extension GoldenFixture {
    var shape: ModelShape {
        var settings =
            cellUnderTest?.settings ?? outputUnderTest?.settings
            ?? .ofCell(Nonlinearity(rawValue: nonlinearity) ?? .tanh, reset: GRUReset(rawValue: gruReset) ?? .after)
        if let cutoffs { settings[OutputSettings.cutoffs] = WholeNumbers(cutoffs) }
        if let division { settings[OutputSettings.tailDivision] = division }
        return ModelShape(
            cell: CellKind(rawValue: cell) ?? .elman, settings: settings,
            output: outputUnderTest?.output ?? (cutoffs == nil ? .full : OutputKind(rawValue: "adaptive")!), layers: dimensions.L,
            vocabularySize: dimensions.V,
            embeddingSize: dimensions.E, hiddenSize: dimensions.H,
            inputLayerSize: parameters["input_mlp.bias"]?.values.count ?? 0,
            outputLayerSize: parameters["output_mlp.bias"]?.values.count ?? 0, tieWeights: tied,
            initialState: learnedState ? .learned : .zero)
    }
}

@Suite("The Float model against PyTorch", .serialized)
struct GoldenModelTests {
    @Test(
        "Ten losses within 1e-5 and every gradient within 1e-4 of its norm, at each level and number of shards",
        arguments: GoldenFixture.names, [1, 2])
    func golden(_ name: String, shards: Int) throws {
        try Processor.atEachLevel { level in
            try compare(try GoldenFixture.load(name), shards: shards, level: level)
        }
    }

    @Test(
        "In bf16 the first loss is within 1 % and every gradient of the first window within 5 % of its norm",
        arguments: GoldenFixture.names)
    func bf16(_ name: String) throws {
        let fixture = try GoldenFixture.load(name)
        let size = fixture.dimensions
        try Processor.atEachLevel { level in
            for shards in [1, 2] {
                let owned = OwnedModel(
                    shape: fixture.shape, steps: size.T, streams: size.B, shards: shards, keepsLogits: shards == 1,
                    precision: .bf16)
                for (name, parameter) in fixture.parameters { try owned.set(name, parameter.values) }
                let window = fixture.windows[0]
                let loss = owned.run(
                    inputs: window.inputs, targets: window.targets, mask: window.mask, steps: size.T, atEpochStart: true)
                #expect(relativeDistance([loss], from: [fixture.losses[0]]) < 0.01, "\(level)")
                for (name, expected) in fixture.gradients[1] ?? [:] where norm(expected) > 0 {
                    let error = relativeDistance(try owned.gradient(name), from: expected)
                    #expect(error < 0.05, "\(level), \(name): relative error \(error)")
                }
            }
        }
    }

    private func compare(_ fixture: GoldenFixture, shards: Int, level: String) throws {
        let size = fixture.dimensions
        let owned = OwnedModel(
            shape: fixture.shape, steps: size.T, streams: size.B, shards: shards, keepsLogits: shards == 1)
        for (name, parameter) in fixture.parameters { try owned.set(name, parameter.values) }
        for (number, window) in zip(1..., fixture.windows) {
            let loss = owned.run(
                inputs: window.inputs, targets: window.targets, mask: window.mask, steps: size.T, atEpochStart: number == 1)
            let lossError = relativeDistance([loss], from: [fixture.losses[number - 1]])
            #expect(lossError < 1e-5, "\(level), window \(number): loss \(loss), relative error \(lossError)")
            for (name, expected) in fixture.gradients[number] ?? [:] {
                let found = try owned.gradient(name)
                let error = norm(expected) == 0 ? norm(found) : relativeDistance(found, from: expected)
                #expect(error < 1e-4, "\(level), window \(number), \(name): relative error \(error)")
            }
            try descend(owned, fixture)
        }
    }

    private func descend(_ owned: OwnedModel, _ fixture: GoldenFixture) throws {
        let all = try owned.layout.entries.map { try owned.gradient($0.name) }
        let rate = fixture.learningRate * min(1, fixture.clip / norm(all.flatMap { $0 }))
        for entry in owned.layout.entries {
            for i in entry.offset..<(entry.offset + entry.count) {
                owned.values[i] -= Float(rate) * owned.gradients[0][i]
            }
        }
    }
}
