public import Tensors

/// A table of one vector a token, as torch.nn.Embedding: `y[row] = weight[token[row]]`.
public final class Embedding {
    private let weight: Parameter  // [V, E]
    private let capacity: WindowCapacity
    private let occurrences: TokenOccurrences?
    /// The embedded window, `[T*B, E]`.
    public let output: MatrixView

    /// - Parameter weight: `encoder.weight` `[V, E]`.
    public init(weight: Parameter, capacity: WindowCapacity, workspace: Workspace) {
        self.weight = weight
        self.capacity = capacity
        output = workspace.matrix(rows: capacity.rows, columns: weight.columns)
        occurrences =
            capacity.training
            ? TokenOccurrences(vocabularySize: weight.rows, maximumRows: capacity.rows, workspace: workspace) : nil
    }

    /// Fills `output`'s first `steps*streams` rows. Shape: `tokens` `[steps, streams]`, each in `0..<V`.
    public func forward(_ tokens: UnsafePointer<Int32>, steps: Int) {
        RowKernels.gather(
            rows: steps * capacity.streams, columns: weight.columns, table: weight.value, ids: tokens, into: output.pointer)
    }

    /// The gradient of the table: the sum of `dY`'s rows by token, overwritten.
    public func backward(_ tokens: UnsafePointer<Int32>, steps: Int, dY: MatrixView, rows: GradientRows) {
        weight.clearGradients()
        rows.embeddingGradient(weight, steps: steps, occurrences: sorted(tokens, steps: steps, dY: dY, rows: rows))
    }

    /// The window's rows by token, for a decoder that shares this table and takes both gradients in one pass.
    public func sorted(
        _ tokens: UnsafePointer<Int32>, steps: Int, dY: MatrixView, rows: GradientRows
    ) -> TokenOccurrences {
        guard let occurrences else { preconditionFailure("a backward pass through a model made for inference") }
        rows.sort(tokens, steps: steps, dX: dY, into: occurrences)
        return occurrences
    }
}
