public import ArgumentParser
import Configuration
public import Kinds
public import Tensors
public import TextData

// Choices as values of the options of `benchmark`: their raw values, listed in --help.

extension TokenUnit: ExpressibleByArgument {}
extension Precision: ExpressibleByArgument {}
extension KindName: ExpressibleByArgument {}
extension ExchangeMode: ExpressibleByArgument {}
extension TeamMode: ExpressibleByArgument {}
