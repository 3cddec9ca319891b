public import ArgumentParser
public import Assessment
import Configuration
public import Kinds
public import Tensors
public import TextData

// Choices as values of options: their raw values, listed in --help.

extension TokenUnit: ExpressibleByArgument {}
extension Precision: ExpressibleByArgument {}
extension KindName: ExpressibleByArgument {}
extension ExchangeMode: ExpressibleByArgument {}
extension TeamMode: ExpressibleByArgument {}
extension ComparisonUnit: ExpressibleByArgument {}
extension ProbeFormat: ExpressibleByArgument {}
extension NBestFormat: ExpressibleByArgument {}
