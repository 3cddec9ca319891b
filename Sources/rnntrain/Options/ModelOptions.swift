import ArgumentParser
import Models
import Tensors
import Training

/// The network and its first parameters.
struct ModelOptions: ConfigurationOptions {
    @Option(help: ArgumentHelp(.cell)) var cell: CellKind?
    @Option(help: ArgumentHelp(.nonlinearity)) var nonlinearity: Nonlinearity?
    @Option(help: ArgumentHelp(.gruReset)) var gruReset: GRUReset?
    @Option(help: ArgumentHelp(.layers)) var layers: Int?
    @Option(help: ArgumentHelp(.embeddingSize)) var embeddingSize: Int?
    @Option(help: ArgumentHelp(.hiddenSize)) var hiddenSize: Int?
    @Flag(inversion: .prefixedNo, help: ArgumentHelp(.tieWeights)) var tieWeights: Bool?
    @Option(help: ArgumentHelp(.dropout)) var dropout: Double?
    @Option(help: ArgumentHelp(.initialization)) var `init`: InitializationKind?
    @Option(help: ArgumentHelp(.initialScale)) var initScale: Double?
    @Option(help: ArgumentHelp(.forgetBias)) var forgetBias: Double?
    @Option(help: ArgumentHelp(.initialState)) var initialState: InitialState?
    @Option(help: ArgumentHelp(.precision)) var precision: Precision?

    func apply(to configuration: inout TrainingConfiguration) {
        set(&configuration.cell, to: cell)
        set(&configuration.nonlinearity, to: nonlinearity)
        set(&configuration.gruReset, to: gruReset)
        set(&configuration.layers, to: layers)
        set(&configuration.embeddingSize, to: embeddingSize)
        set(&configuration.hiddenSize, to: hiddenSize)
        set(&configuration.tieWeights, to: tieWeights)
        set(&configuration.dropout, to: dropout)
        set(&configuration.initialization, to: `init`)
        set(&configuration.initialScale, to: initScale)
        set(&configuration.forgetBias, to: forgetBias)
        set(&configuration.initialState, to: initialState)
        set(&configuration.precision, to: precision)
    }
}
