import Configuration
import Foundation
import Kinds
import TextData
import Testing

@Suite("Configuration in a checkpoint's metadata")
struct ConfigurationJSONTests {
    @Test(
        "A configuration is decoded as it was encoded",
        arguments: [TrainingConfiguration(), .reberDemo, ConfigurationSamples.everyKeySet()])
    func roundTrip(configuration: TrainingConfiguration) throws {
        let json = try JSONEncoder().encode(configuration)
        #expect(try JSONDecoder().decode(TrainingConfiguration.self, from: json) == configuration)
    }

    @Test("The JSON is one flat object with the keys of the TOML file")
    func flat() throws {
        let json = try JSONEncoder().encode(ConfigurationSamples.everyKeySet())
        let object = try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any])
        #expect(Set(object.keys) == Set(ConfigurationKey.allCases.map(\.rawValue)))
    }

    @Test("A key that is not in the file has its default")
    func missingKey() throws {
        let decoded = try JSONDecoder().decode(TrainingConfiguration.self, from: Data(#"{"layers": 5}"#.utf8))
        #expect(decoded == ConfigurationSamples.with([.layers: .integer(5)]))
    }

    @Test("A checkpoint without token-frequencies has Zipf's law, and a new run uses counts where tokens have them")
    func tokenFrequencies() throws {
        func decoded(_ json: String) throws -> TrainingConfiguration {
            try JSONDecoder().decode(TrainingConfiguration.self, from: Data(json.utf8))
        }
        let vocabulary = try Vocabulary(jsonText: #"{"unit":"char","symbols":["a","b"],"counts":[2,5]}"#, source: "test")
        let former = try decoded(#"{"output": "hierarchical"}"#)
        #expect(former.tokenCounts(of: vocabulary) == [])
        #expect(former.resolvedFrequencies == .counts)
        #expect(try decoded(#"{"output": "nce", "token-frequencies": "counts"}"#).tokenCounts(of: vocabulary) == [2, 5])
        #expect(try decoded(#"{"output": "nce", "token-frequencies": "zipf"}"#).resolvedFrequencies == .zipf)
        #expect(try decoded(#"{"output": "hierarchical", "task": "classifier"}"#).resolvedFrequencies == .zipf)
        #expect(try decoded("{}").resolvedFrequencies == nil)
    }

    @Test("A key is read under the name that an earlier version gave it")
    func formerName() throws {
        let decoded = try JSONDecoder().decode(TrainingConfiguration.self, from: Data(#"{"connection": "residual"}"#.utf8))
        #expect(decoded == ConfigurationSamples.with([.connections: .text("residual")]))
    }

    @Test("A value of the wrong kind is refused")
    func wrongKind() {
        #expect(throws: DecodingError.self) {
            _ = try JSONDecoder().decode(TrainingConfiguration.self, from: Data(#"{"layers": "five"}"#.utf8))
        }
    }
}
