public import Tensors

/// The input of a window with repeated rows, such as those of tokens: each distinct row once.
public struct RepeatedRows {
    /// The distinct rows, `[n, I]`.
    public let distinct: MatrixView
    /// For each row of the window, the index of its distinct row, `[steps*streams]`.
    public let numbers: UnsafePointer<Int32>

    public init(distinct: MatrixView, numbers: UnsafePointer<Int32>) {
        self.distinct = distinct
        self.numbers = numbers
    }
}

/// The gradients of repeated rows: the rows of one token are merged within a shard, but not across shards.
public struct MergedRows {
    /// The distinct rows, `[n, I]`.
    public let distinct: MatrixView
    /// The token of each distinct row.
    public let tokens: DistinctTokens
    /// Which distinct rows belong to which shard: a window of one step.
    public let rows: GradientRows

    public init(distinct: MatrixView, tokens: DistinctTokens, rows: GradientRows) {
        self.distinct = distinct
        self.tokens = tokens
        self.rows = rows
    }
}
