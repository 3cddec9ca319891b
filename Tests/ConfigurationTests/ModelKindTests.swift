import Configuration
import Kinds
import Testing

@Suite("Cells and layers that exclude other values")
struct ModelKindTests {
    private func jordanLanguageModel() throws -> TrainingConfiguration {
        var configuration = TrainingConfiguration.reberDemo
        try configuration.set(.cell, argument: "jordan-lm")
        return configuration
    }

    /// The keys of the conflict; nil if the configuration is valid.
    private func conflict(_ configuration: TrainingConfiguration) -> [ConfigurationKey]? {
        do throws(ConfigurationError) {
            try configuration.validate()
            return nil
        } catch {
            guard case .conflict(let keys, _) = error else { return [] }
            return keys
        }
    }

    @Test(
        "The Jordan language model has one layer, and no other output",
        arguments: [
            ("layers", "2"), ("output", "class"), ("connections", "residual"), ("output-mlp", "8"), ("tie-weights", "true"),
        ])
    func alone(name: String, value: String) throws {
        var configuration = try jordanLanguageModel()
        #expect(conflict(configuration) == nil)
        try configuration.set(ConfigurationKey(name), argument: value)
        #expect(conflict(configuration) == [.cell, ConfigurationKey(name)])
    }

    @Test("The Jordan language model takes a vocabulary of 1,000 tokens, and refuses a larger one")
    func vocabulary() throws {
        let configuration = try jordanLanguageModel()
        #expect(throws: Never.self) { try configuration.requireVocabulary(ofSize: 1000) }
        #expect(throws: ConfigurationError.self) { try configuration.requireVocabulary(ofSize: 1001) }
        #expect(throws: Never.self) { try TrainingConfiguration().requireVocabulary(ofSize: 1001) }
    }

    @Test("Tied weights need an embedding of the size of the layer before the output")
    func tied() throws {
        var configuration = TrainingConfiguration.reberDemo
        (configuration.tieWeights, configuration.embeddingSize, configuration.hiddenSize) = (true, 16, 16)
        #expect(conflict(configuration) == nil)
        configuration.outputLayerSize = 12
        #expect(conflict(configuration) == [.tieWeights, .embeddingSize, .outputLayerSize])
        configuration.embeddingSize = 12
        #expect(conflict(configuration) == nil)
    }

    @Test("Tied weights with a concatenation of vectors need an embedding of the size of all of them, which the message names")
    func tiedConcatenation() throws {
        var configuration = TrainingConfiguration.reberDemo
        try configuration.set(.cell, argument: "concatenation")
        (configuration.tieWeights, configuration.embeddingSize, configuration.hiddenSize) = (true, 8, 8)
        let error = #expect(throws: ConfigurationError.self) { try configuration.validate() }
        let message = error?.description ?? ""
        #expect(
            message.contains("the output layer reads 32 columns, --context 4 times --hidden-size 8. Use --embedding-size 32,"),
            "\(message)")
        configuration.embeddingSize = 32
        #expect(conflict(configuration) == nil)
    }
}
