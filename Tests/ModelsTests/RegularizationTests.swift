import Layers
import Models
import Tensors
import TestSupport
import Testing

@Suite("Regularisers", .serialized)
struct RegularizationTests {
    private static func sizes(_ name: String, tied: Bool = false, _ set: (inout Regularization) -> Void) -> ShapeCase {
        var regularization = Regularization()
        set(&regularization)
        return ShapeCase(name, .lstm, OracleLSTM(), regularization: regularization, tied: tied)
    }

    private static let locked = sizes("locked dropout") { $0.locksDropout = true }
    private static let penalties = sizes("penalties") { ($0.activation, $0.temporal) = (2, 3) }
    private static let words = sizes("embedding dropout") { $0.embeddingDropout = 0.5 }
    private static let all = sizes("all, tied", tied: true) { $0 = every }

    private static var every: Regularization {
        var regularization = Regularization()
        (regularization.locksDropout, regularization.embeddingDropout) = (true, 0.4)
        (regularization.activation, regularization.temporal) = (2, 1)
        return regularization
    }

    @Test("Every gradient of the oracle with penalties equals central differences")
    func centralDifferences() {
        OracleTests().centralDifferences(OracleCase(name: "penalties", cell: OracleLSTM(), penalties: (0.7, 1.3)))
    }

    @Test("Gradients with a locked mask equal those of the oracle", arguments: [locked])
    func oracle(sizes: ShapeCase) { DropoutModelTests().againstOracle(sizes: sizes) }

    @Test("Gradients with penalties equal those of the oracle; the losses do not contain the penalties")
    func activationPenalties() {
        let window = TokenWindow(steps: 5, streams: 3, vocabularySize: 11, seed: 21)
        let (rank, plain) = (
            SimulatedRank(shape: Self.penalties.shape, steps: 5, batchSize: 3),
            SimulatedRank(shape: ShapeCase("lstm", .lstm, OracleLSTM()).shape, steps: 5, batchSize: 3)
        )
        for rank in [rank, plain] { rank.initialize() }
        #expect(rank.run(window) == plain.run(window))
        let expected = oracle(of: rank, penalties: (2, 3)).lossAndGradients(
            inputs: window.inputs.map(Int.init), targets: window.targets.map(Int.init), mask: window.mask.map(Double.init),
            state: nil)
        for (name, gradient) in expected.gradients {
            let error = relativeDistance(rank.gradient(of: name).map(Double.init), from: gradient)
            #expect(error < 2e-6, "\(name): relative error \(error)")
        }
        #expect(differingBits(rank.gradient(of: "rnn.weight_hh_l1"), plain.gradient(of: "rnn.weight_hh_l1")) > 0)
    }

    /// A dropped token is one whose vector is zero. About half of the tokens are dropped, and others are doubled.
    @Test("Embedding dropout scales the vectors of tokens, and their gradients", arguments: [0, 0.3])
    func embeddingDropout(dropout: Float) {
        let window = TokenWindow(steps: 5, streams: 3, vocabularySize: 11, seed: 21)
        let rank = SimulatedRank(shape: Self.words.shape, steps: 5, batchSize: 3, dropout: dropout)
        rank.initialize()
        let random = CounterRandom(seed: 77, purpose: .words)
        let factors = (0..<11).map { random.uniform(UInt64($0), 4) < 0.5 ? Float(0) : 2 }
        #expect(Set(factors) == [0, 2])
        let losses = rank.run(window, step: 4)
        let gradient = rank.gradient(of: "encoder.weight")
        let scaled = SimulatedRank(
            shape: ShapeCase("lstm", .lstm, OracleLSTM()).shape, steps: 5, batchSize: 3, dropout: dropout)
        scaled.initialize()
        for (i, place) in (0..<66).enumerated() { scaled.values[place] *= factors[i / 6] }
        #expect(scaled.run(window, step: 4) == losses)
        #expect(scaled.gradient(of: "encoder.weight").enumerated().map { $1 * factors[$0 / 6] } == gradient)
    }

    @Test(
        "Weight dropout computes with masked recurrent weights, and masks their gradients",
        arguments: [("lstm", 1), ("gru", 3)])
    func weightDropout(cell: String, shares: Int) throws {
        let shape = ShapeCase(cell, cell == "gru" ? .gru : .lstm, OracleLSTM()).shape
        let window = TokenWindow(steps: 5, streams: 3, vocabularySize: 11, seed: 21)
        let (rank, masked) = (
            SimulatedRank(shape: shape, steps: 5, batchSize: 3), SimulatedRank(shape: shape, steps: 5, batchSize: 3)
        )
        for rank in [rank, masked] { rank.initialize() }
        let dropout = try #require(rank.weightDropout(0.4))
        rank.dropWeights(dropout, step: 4, shares: shares)
        let losses = rank.run(window, step: 4)
        rank.maskGradients(dropout, step: 4, shares: shares)
        let masks = (0..<2).map { mask(of: masked.layout.entry(named: "rnn.weight_hh_l\($0)")!, layer: $0) }
        for (k, mask) in masks.enumerated() {
            let dropped = Double(mask.filter { $0 == 0 }.count) / Double(mask.count)
            #expect(abs(dropped - 0.4) < 0.15 && Set(mask).count == 2, "\(dropped) of layer \(k)")
            let first = masked.layout.entry(named: "rnn.weight_hh_l\(k)")!.offset
            for (i, factor) in mask.enumerated() { masked.values[first + i] *= factor }
        }
        #expect(masks[0] != masks[1])
        masked.pack()
        #expect(masked.run(window, step: 4) == losses)
        for (k, mask) in masks.enumerated() {
            let expected = zip(masked.gradient(of: "rnn.weight_hh_l\(k)"), mask).map { $0 * $1 }
            #expect(rank.gradient(of: "rnn.weight_hh_l\(k)") == expected)
        }
    }

    /// The factors of the elements of a matrix at step 4: 0, or 1 by 0.6.
    private func mask(of entry: ParameterLayout.Entry, layer: Int) -> [Float] {
        let (rows, columns) = (entry.shape[0], entry.shape[1])
        let ones = [Float](repeating: 1, count: entry.count)
        var mask = ones
        Dropout(probability: 0.4).apply(
            steps: 1, streams: rows, columns: columns, layer: (1 << 20) + layer,
            key: Dropout.Key(seed: 77, step: 4, firstStream: 0), x: ones, y: &mask)
        return mask
    }

    @Test("Gradients have the same bits at any number of ranks and each instruction set", arguments: [all], [0, 0.3])
    func ranks(sizes: ShapeCase, dropout: Float) {
        RankCountTests().ranks(sizes: sizes, dropout: dropout)
        RankCountTests().sharing(sizes: sizes, dropout: dropout)
    }

    private func oracle(of rank: SimulatedRank, penalties: (activation: Double, temporal: Double)) -> OracleModel {
        var parameters: [String: [Double]] = [:]
        for entry in rank.layout.entries {
            parameters[entry.name] = (0..<entry.count).map { Double(rank.values[entry.offset + $0]) }
        }
        return OracleModel(parameters: parameters, cell: OracleLSTM(), penalties: penalties, batchSize: 3)
    }
}
