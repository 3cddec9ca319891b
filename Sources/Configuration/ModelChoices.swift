public import Kinds
public import Models
public import Tensors
public import TextData

// The choices that lower floors define, as values of a configuration.
extension InitialState: ConfigurationChoice {}
extension InitializationKind: ConfigurationChoice {}
extension TokenUnit: ConfigurationChoice {}
extension Precision: ConfigurationChoice {}
