public import Models
public import Tensors
public import TextData

// The choices that lower floors define, as values of a configuration.
extension CellKind: ConfigurationChoice {}
extension Nonlinearity: ConfigurationChoice {}
extension GRUReset: ConfigurationChoice {}
extension InitialState: ConfigurationChoice {}
extension InitializationKind: ConfigurationChoice {}
extension TokenUnit: ConfigurationChoice {}

/// The precision of the matrix products.
public enum Precision: String, ConfigurationChoice {
    case fp32
    case bf16
}
