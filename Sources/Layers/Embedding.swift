public import Tensors

/// A table with one vector per token, as torch.nn.Embedding: `y[row] = weight[token[row]]`.
public final class Embedding {
    /// The table, `[V, E]`.
    public let weight: Parameter
    private let capacity: WindowCapacity
    private let distinct: DistinctTokens
    private let occurrences: TokenOccurrences?
    private let written: WrittenRows?  // nil for a table that the output layer shares
    private let dropout: EmbeddingDropout?
    /// Of the current window; nil without dropout.
    private var key: Dropout.Key?
    /// The embedded window, `[T*B, E]`.
    public let output: MatrixView

    /// - Parameters:
    ///   - name: of the parameter `[vocabularySize, size]`.
    ///   - isShared: whether the output layer uses the same weight.
    ///   - dropout: the probability with which a step drops a token.
    public init(
        _ name: String, vocabularySize: Int, size: Int, isShared: Bool, dropout: Float = 0, _ builder: Builder
    ) {
        let (capacity, workspace) = (builder.capacity, builder.workspace)
        self.capacity = capacity
        self.dropout = EmbeddingDropout(probability: dropout)
        if isShared {
            (weight, written) = (builder.parameter(name, [vocabularySize, size], start: .table, .rank), nil)
        } else {
            (weight, written) = builder.sparseTable(
                name, [vocabularySize, size], start: .table, mostRows: capacity.rows)
        }
        output = builder.mergedRows(columns: size)
        distinct = DistinctTokens(vocabularySize: vocabularySize, maximumRows: capacity.rows, workspace: workspace)
        occurrences =
            capacity.training
            ? TokenOccurrences(vocabularySize: vocabularySize, maximumRows: capacity.rows, workspace: workspace) : nil
    }

    /// Begins a window, whose tokens are dropped by `key`; nil for no dropout.
    public func begin(_ key: Dropout.Key?) { self.key = key }

    /// Fills the first `steps*streams` rows of `output`. Shape: `tokens` `[steps, streams]`, each in `0..<V`.
    public func forward(_ tokens: UnsafePointer<Int32>, steps: Int) {
        fill(output.prefix(rows: steps * capacity.streams), tokens)
    }

    private func fill(_ rows: MatrixView, _ tokens: UnsafePointer<Int32>) {
        RowKernels.gather(weight.matrix, ids: tokens, into: rows)
        drop(tokens, rows)
    }

    private func drop(_ tokens: UnsafePointer<Int32>, _ rows: MatrixView) {
        if let dropout, let key { dropout.apply(tokens, to: rows, key) }
    }

    /// The distinct rows of the window, instead of `output`. Shape: `tokens` `[steps, streams]`.
    public func distinctRows(_ tokens: UnsafePointer<Int32>, steps: Int) -> RepeatedRows {
        distinct.number(tokens, rows: steps * capacity.streams)
        return RepeatedRows(distinct: rowsOfDistinct(), numbers: distinct.numbers)
    }

    /// The distinct rows of the window for each shard, instead of `output`. Shape: `tokens` `[steps, streams]`.
    public func mergedRows(_ tokens: UnsafePointer<Int32>, steps: Int, rows: GradientRows) -> MergedRows {
        let merged = rows.merged(tokens, steps: steps, into: distinct)
        return MergedRows(distinct: rowsOfDistinct(), tokens: distinct, rows: merged)
    }

    private func rowsOfDistinct() -> MatrixView {
        let result = output.prefix(rows: distinct.count)
        fill(result, distinct.tokens)
        return result
    }

    /// The gradient of a table that is not shared: the sum of `dY`'s rows by token, overwritten. Clears only the rows of the previous
    /// window, so all rows must be zero before the first call.
    public func backward(_ tokens: UnsafePointer<Int32>, steps: Int, dY: MatrixView, rows: GradientRows) {
        guard let written else { preconditionFailure("`backward` of a table that the output layer shares") }
        written.clear()
        for row in 0..<(steps * rows.streams) { written.insert(tokens[row]) }
        rows.embeddingGradient(weight, steps: steps, occurrences: sorted(tokens, steps: steps, dY: dY, rows: rows))
    }

    /// The window's rows by token, whose gradients become those of the table's rows, for an output layer that shares this table and computes both gradients in one pass.
    public func sorted(
        _ tokens: UnsafePointer<Int32>, steps: Int, dY: MatrixView, rows: GradientRows
    ) -> TokenOccurrences {
        guard let occurrences else { preconditionFailure("backward pass of a model without training buffers") }
        drop(tokens, dY)
        rows.sort(tokens, steps: steps, dX: dY, into: occurrences)
        return occurrences
    }
}
