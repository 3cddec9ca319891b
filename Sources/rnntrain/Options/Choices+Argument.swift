public import ArgumentParser
public import Layers
public import Models
public import Optimizers
public import Tensors
public import TextData
public import Training

// The configuration's choices as values of options: their raw values, listed in --help.

extension TokenUnit: ExpressibleByArgument {}
extension CellKind: ExpressibleByArgument {}
extension Nonlinearity: ExpressibleByArgument {}
extension GRUReset: ExpressibleByArgument {}
extension InitialState: ExpressibleByArgument {}
extension InitializationKind: ExpressibleByArgument {}
extension Precision: ExpressibleByArgument {}
extension OptimizerKind: ExpressibleByArgument {}
extension ClipMode: ExpressibleByArgument {}
extension ScheduleKind: ExpressibleByArgument {}
extension ExchangeMode: ExpressibleByArgument {}
extension TeamMode: ExpressibleByArgument {}
extension FaultResponse: ExpressibleByArgument {}
