import Tensors

/// e^x, for perplexities and for the probabilities in sampling. Unlike the system's function, it has the same bits on every
/// processor.
package func exponential(_ x: Double) -> Double { RowKernels.exp(x) }
