public import Kinds
public import Layers
public import Models
public import Tensors
public import TextData

// The choices of lower targets, as configuration values.
extension InitialState: ConfigurationChoice {}
extension TokenFrequencies: ConfigurationChoice {}
extension InitializationKind: ConfigurationChoice {}
extension TokenUnit: ConfigurationChoice {}
extension Precision: ConfigurationChoice {}
