import ArgumentParser
import Layers
import Models
import Tensors
import Training

/// The network and its initial parameters.
struct ModelOptions: ConfigurationOptions {
    @Option(help: ArgumentHelp(.cell)) var cell: CellKind?
    @Option(help: ArgumentHelp(.nonlinearity)) var nonlinearity: Nonlinearity?
    @Option(help: ArgumentHelp(.gruReset)) var gruReset: GRUReset?
    @Option(help: ArgumentHelp(.layers)) var layers: String?
    @Option(help: ArgumentHelp(.embeddingSize)) var embeddingSize: String?
    @Option(help: ArgumentHelp(.hiddenSize)) var hiddenSize: String?
    @Flag(inversion: .prefixedNo, help: ArgumentHelp(.tieWeights)) var tieWeights: Bool?
    @Option(help: ArgumentHelp(.dropout)) var dropout: String?
    @Option(help: ArgumentHelp(.initialization)) var `init`: InitializationKind?
    @Option(help: ArgumentHelp(.initialScale)) var initScale: String?
    @Option(help: ArgumentHelp(.forgetBias)) var forgetBias: String?
    @Option(help: ArgumentHelp(.initialState)) var initialState: InitialState?
    @Option(help: ArgumentHelp(.precision)) var precision: Precision?

    var given: KeyValuePairs<ConfigurationKey, String?> {
        [
            .cell: cell?.rawValue, .nonlinearity: nonlinearity?.rawValue, .gruReset: gruReset?.rawValue,
            .layers: layers, .embeddingSize: embeddingSize, .hiddenSize: hiddenSize,
            .tieWeights: tieWeights.map(String.init), .dropout: dropout, .initialization: `init`?.rawValue,
            .initialScale: initScale, .forgetBias: forgetBias, .initialState: initialState?.rawValue,
            .precision: precision?.rawValue,
        ]
    }
}
