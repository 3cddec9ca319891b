import Tensors

/// e^x, for perplexities and for the weights that tokens are drawn by: the same bits on every processor, which the system's is not.
package func exponential(_ x: Double) -> Double { RowKernels.exp(x) }
