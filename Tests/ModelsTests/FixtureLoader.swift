import Foundation
import Testing

/// A golden fixture from PyTorch, written by `Tests/Reference/golden.py`, whose header describes each field.
struct GoldenFixture: Decodable {
    struct Dimensions: Decodable {
        let T: Int, B: Int, E: Int, H: Int, V: Int, L: Int
    }
    struct Parameter: Decodable {
        let shape: [Int]
        let values: [Double]
    }
    /// Time-major: element (t, b) at `t * B + b`.
    struct Window: Decodable {
        let inputs: [Int]  // [T, B]
        let targets: [Int]  // [T, B]
        let mask: [Double]  // [T, B]
    }
    struct State: Decodable {
        let h: [Double]  // [L, B, H]
        let c: [Double]?  // [L, B, H], LSTM only
    }

    /// The name of a case of `CellUnderTest` or `OutputUnderTest`; nil for those of torch.nn.
    let test: String?
    let cell: String
    let nonlinearity: String
    let gruReset: String
    let tied: Bool
    let learnedState: Bool
    /// Those of an adaptive softmax; nil with a full one.
    let cutoffs: [Int]?
    let division: Int?
    let dimensions: Dimensions
    let learningRate: Double
    let clip: Double
    let parameters: [String: Parameter]
    let windows: [Window]
    let losses: [Double]
    let gradientNorms: [Double]
    /// By number of the window, from 1, and by name; before clipping.
    let gradients: [Int: [String: [Double]]]
    let finalParameters: [String: [Double]]
    let finalState: State

    /// All fixtures.
    static let names = [
        "elman-tanh", "elman-relu", "elman-sigmoid", "gru", "gru-reset-before", "lstm", "lstm-tied", "lstm-learned-state",
        "lstm-adaptive", "lstm-mlps", "additive", "average", "concatenation", "feed-forward", "elman-jordan-5-outputs",
        "elman-pre",
        "gru-time-skip-of-3", "jordan", "jordan-5-outputs",
        "leaky", "leaky-learned-time-scales", "lstm-layer-norm", "lstm-projection", "lstm-time-skips-of-2-and-4", "mingru",
        "minlstm", "mogrifier-2-rounds", "rglru", "slstm", "update-gate",
        "elman-transition", "lstm-transition", "jordan-lm", "full-max-ent-of-order-3", "class-max-ent-of-order-2", "hierarchical",
        "sampled", "nce", "blackout",
    ]

    /// The case of an output of which this is the fixture, if it names one. Its samples are those of the seed and the step 0.
    var outputUnderTest: OutputUnderTest? { OutputUnderTest.all.first { $0.name == test } }

    /// The case of a cell of which this is the fixture, if it names one.
    var cellUnderTest: CellUnderTest? {
        if outputUnderTest != nil || predictsClasses { return nil }
        return test.map { test in
            guard let found = CellUnderTest.all.first(where: { $0.name == test }) else {
                preconditionFailure("no cell under test has the name \(test)")
            }
            return found
        }
    }

    static func load(_ name: String) throws -> GoldenFixture {
        let folder = try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures")
        let data = try Data(contentsOf: folder.appendingPathComponent("\(name).json"))
        return try JSONDecoder().decode(GoldenFixture.self, from: data)
    }
}

extension GoldenFixture {
    /// Whether the output of the recurrent layer is the distribution.
    var predictsClasses: Bool { cell == "jordan-lm" }

    /// The oracle's cell for this fixture.
    var oracleCell: any OracleCell {
        if predictsClasses { return OracleJordan(output: .softmax, size: dimensions.V) }
        if let cellUnderTest { return cellUnderTest.oracle }
        return switch (cell, gruReset) {
        case ("lstm", _): OracleLSTM()
        case ("gru", "after"): OracleGRU()
        case ("gru", _): OracleGRUResetBefore()
        default: OracleElman(nonlinearity: OracleElman.Nonlinearity(rawValue: nonlinearity) ?? .tanh)
        }
    }

    /// The oracle's output layer for this fixture.
    var oracleOutput: any OracleOutput {
        if let oracle = outputUnderTest?.oracle {
            guard var sampled = oracle as? OracleSampledOutput else { return oracle }
            (sampled.seed, sampled.step) = (0, 0)
            return sampled
        }
        if predictsClasses { return OracleProbabilities() }
        guard let cutoffs, let division else { return OracleFullOutput() }
        return OracleAdaptiveOutput(cutoffs: cutoffs, division: division)
    }

    /// The oracle with the initial parameters of this fixture.
    var oracleModel: OracleModel {
        OracleModel(
            parameters: parameters.mapValues(\.values), cell: oracleCell, output: oracleOutput, batchSize: dimensions.B)
    }
}
