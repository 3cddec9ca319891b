import Foundation
import Kinds
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

        func rule() throws -> any UpdateRule {
            var settings = Settings()
            settings[RuleSettings.momentum] = momentum
            settings[RuleSettings.weightDecay] = weightDecay
            return UpdateRules.rule(try #require(OptimizerKind(rawValue: optimizer)), settings)
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
