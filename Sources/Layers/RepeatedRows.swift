public import Tensors

/// A window's input in which rows come again, as those of tokens do: each distinct row once.
public struct RepeatedRows {
    /// The distinct rows, `[n, I]`.
    let distinct: MatrixView
    /// For each row of the window its distinct one, `[steps*streams]`.
    let numbers: UnsafePointer<Int32>

    public init(distinct: MatrixView, numbers: UnsafePointer<Int32>) {
        self.distinct = distinct
        self.numbers = numbers
    }
}

/// The same for gradients: a shard's rows of one token are one, and shards are apart.
public struct MergedRows {
    /// The distinct rows, `[n, I]`.
    let distinct: MatrixView
    /// The token of each.
    public let tokens: DistinctTokens
    /// Which of them belong to which shard: a window of one step.
    public let rows: GradientRows
}
