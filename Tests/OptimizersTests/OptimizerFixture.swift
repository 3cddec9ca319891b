import Foundation
import Kinds
import Optimizers
import Testing

/// The golden fixture from torch.optim, written by `Tests/Reference/optimizers.py`, whose header describes each field.
struct OptimizerFixture: Decodable {
    struct Run: Decodable, CustomStringConvertible {
        let optimizer: String
        let learningRate: Double
        let settings: [String: Double]
        let parameters: [[Double]]  // [5][10], after each step

        var description: String { "\(optimizer), \(settings)" }

        func rule() throws -> any UpdateRule {
            var values = Settings()
            for (key, value) in settings {
                let setting = try #require(UpdateRules.settings.first { $0.key.rawValue == key }, "no rule declares \(key)")
                let taken = values.set(setting, .number(value))
                #expect(taken, "\(key) \(value)")
            }
            return UpdateRules.rule(try #require(OptimizerKind(rawValue: optimizer)), values)
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

extension Settings {
    /// Sets a setting to a value from a file. Returns false if the value has another type.
    mutating func set<Declared: DeclaredSetting>(_ declared: Declared, _ value: ConfigurationValue) -> Bool {
        guard let value = Declared.Value(configurationValue: value) else { return false }
        self[declared.setting] = value
        return true
    }
}
