import Foundation
import Optimizers
import Testing

/// The golden fixture of torch.optim, written by `Tests/Reference/optimizers.py`, whose header describes each field.
struct OptimizerFixture: Decodable {
    struct Run: Decodable, CustomStringConvertible {
        let optimizer: String
        let learningRate: Double
        let momentum: Double
        let weightDecay: Double
        let parameters: [[Double]]  // [5][10], after each step

        var description: String { "\(optimizer), momentum \(momentum), decay \(weightDecay)" }

        func settings() throws -> OptimizerSettings {
            OptimizerSettings(
                kind: try #require(OptimizerKind(rawValue: optimizer)), momentum: Float(momentum),
                weightDecay: Float(weightDecay))
        }
    }

    let initial: [Double]  // [10]
    let gradients: [[Double]]  // [5][10]
    let runs: [Run]

    static func load() throws -> OptimizerFixture {
        let file = try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures/optimizers.json")
        return try JSONDecoder().decode(OptimizerFixture.self, from: try Data(contentsOf: file))
    }
}
