internal import CKernels

/// Softmax with cross entropy over the rows of a window. Logits arrive in groups of columns, so they are never all in memory at
/// once.
///
/// First, every group is taken in order. Then the losses are known, and the gradient of each group can be computed, either from
/// the kept exponentials or from recomputed logits, with the same bits.
public final class SoftmaxRows {
    /// Columns of a group; the last may be narrower. The bits of a loss depend on it.
    public static let groupWidth = Int(CK_LOGIT_COLUMNS)

    private var columns: Int
    private let mostColumns: Int
    /// Groups in a row.
    public private(set) var groupCount: Int
    /// The current group, `[rows, groupWidth]`: the caller writes logits to it, and reads the gradient from it.
    private let group: UnsafeMutablePointer<Float>
    private let capacity: Int  // rows
    private let states: UnsafeMutablePointer<ck_softmax_row>
    private let rowLosses: UnsafeMutablePointer<Double>
    private let maxima: UnsafeMutablePointer<Float>  // [groups, rows]
    private let kept: UnsafeMutablePointer<Float>?  // [groups, rows, groupWidth]
    private let keptStride: Int  // from one group to the next
    /// The gradients of all groups, if ranks compute weight gradients jointly; otherwise nil.
    public let shared: SharedGradients.Groups?
    private let targets: UnsafeMutablePointer<Int32>
    private let mask: UnsafeMutablePointer<Float>
    private let workspace: Workspace
    private var rows = 0  // of the current window

    /// For a model with `builder.capacity`. Exponentials are kept for the backward pass if those of all parts of the model so far take at most
    /// `logitMemory` bytes.
    ///
    /// - Parameters:
    ///   - rowsPerPrediction: the number of rows of logits for each row of a window.
    ///   - columns: the length V of a row of logits.
    ///   - shares: whether exponentials and gradients are kept in the memory that ranks share.
    public convenience init(rowsPerPrediction: Int = 1, columns: Int, shares: Bool, logitMemory: Int, builder: Builder) {
        let rows = rowsPerPrediction * builder.capacity.rows
        let bytes = Self.keptByteCount(rows: rows, columns: columns)
        self.init(
            maximumRows: rows, columns: columns,
            mostKeptBytes: !shares && builder.keepsLogits(bytes: bytes, limit: logitMemory) ? bytes : 0,
            shared: shares ? builder.gradientGroups(Self.groupCount(columns), width: Self.groupWidth) : nil,
            workspace: builder.workspace)
    }

    /// For rows of `columns` logits. Exponentials are kept if they take at most `mostKeptBytes`.
    public init(
        maximumRows: Int, columns: Int, mostKeptBytes: Int, shared: SharedGradients.Groups? = nil,
        workspace: Workspace = Workspace()
    ) {
        capacity = maximumRows
        (self.columns, mostColumns) = (columns, columns)
        groupCount = Self.groupCount(columns)
        self.workspace = workspace
        let groupSize = maximumRows * Self.groupWidth
        group = workspace.allocate(Float.self, count: groupSize)
        states = workspace.allocate(ck_softmax_row.self, count: maximumRows)
        rowLosses = workspace.allocate(Double.self, count: maximumRows)
        targets = workspace.allocate(Int32.self, count: maximumRows)
        mask = workspace.allocate(Float.self, count: maximumRows)
        maxima = workspace.allocate(Float.self, count: groupCount * maximumRows)
        self.shared = shared
        keptStride = shared?.stride ?? groupSize
        let keeps = Self.keptByteCount(rows: maximumRows, columns: columns) <= mostKeptBytes
        kept = shared?.first ?? (keeps ? workspace.allocate(Float.self, count: groupCount * groupSize) : nil)
    }

    private static func keptByteCount(rows: Int, columns: Int) -> Int {
        groupCount(columns) * rows * groupWidth * MemoryLayout<Float>.size
    }

    private static func groupCount(_ columns: Int) -> Int { (columns + groupWidth - 1) / groupWidth }

    /// The columns of group `index`.
    public func columns(_ index: Int) -> Range<Int> {
        (index * Self.groupWidth)..<min((index + 1) * Self.groupWidth, columns)
    }

    /// Whether the gradient of a group can be computed without its logits.
    public var keepsGroups: Bool { kept != nil }

    /// Begins a window. Shapes: `targets` and `mask` `[rows]`. Both are copied.
    ///
    /// `columns`: those of this window, at most the number of columns of the initialiser; nil for all.
    public func begin(rows: Int, columns: Int? = nil, targets: UnsafePointer<Int32>, mask: UnsafePointer<Float>) {
        self.columns = columns ?? mostColumns
        groupCount = Self.groupCount(self.columns)
        precondition(self.columns <= mostColumns, "\(self.columns) columns of \(mostColumns)")
        precondition(rows <= capacity, "\(rows) rows of \(capacity)")
        self.rows = rows
        self.targets.update(from: targets, count: rows)
        self.mask.update(from: mask, count: rows)
    }

    /// The buffer for group `index`, `[rows, columns of the group]`. All groups use the same buffer.
    public func place(_ index: Int) -> MatrixView {
        MatrixView(group, rows: rows, columns: columns(index).count, rowStride: Self.groupWidth)
    }

    /// Processes the logits of group `index` in its buffer. Call it for the groups in order.
    public func take(_ index: Int) {
        ck_softmax_take(
            rows, columns(index).lowerBound, columns(index).count, group, targets, states, maxima + index * capacity,
            kept.map { $0 + index * keptStride })
    }

    /// Multiplies the gradient of each row by a weight, `[rows]`; after the losses.
    public func setWeights(_ weights: UnsafePointer<Float>) { mask.update(from: weights, count: rows) }

    /// `-log softmax(logits)[target]` of each row in nats, 0 if the mask is 0. Call it after all groups are taken.
    public func losses() -> UnsafePointer<Double> {
        ck_softmax_losses(rows, states, mask, rowLosses)
        return UnsafePointer(rowLosses)
    }

    /// Computes the gradient of group `index`, `(softmax - onehot) * mask * scale`, `[rows, columns of the group]`, in the
    /// group's buffer, or in `shared` if gradients are shared.
    ///
    /// Call it after all groups are taken. If `keepsGroups` is false, the buffer must hold the group's logits.
    public func gradient(_ index: Int, scale: Float) -> MatrixView {
        let from = kept.map { $0 + index * keptStride } ?? group
        let to = shared == nil ? group : from
        ck_softmax_gradient(
            rows, columns(index).lowerBound, columns(index).count, from, kept == nil ? 0 : 1, targets, mask, states,
            maxima + index * capacity, scale, to)
        return MatrixView(to, rows: rows, columns: columns(index).count, rowStride: Self.groupWidth)
    }
}
