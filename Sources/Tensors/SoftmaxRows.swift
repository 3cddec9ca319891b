internal import CKernels

/// Softmax with cross entropy over the rows of a window, whose logits come a group of columns at a time, so that they never need to
/// be there all at once.
///
/// First every group is taken in order; then the losses are known, and each group's gradient can be made: from the exponentials that
/// were kept, or from the same logits again, to the same bits.
public final class SoftmaxRows {
    /// Columns of a group; the last may be narrower. Part of a loss's bits.
    public static let groupWidth = Int(CK_LOGIT_COLUMNS)

    private let columns: Int
    /// Groups of a row.
    public let groupCount: Int
    /// The group at hand, `[rows, groupWidth]`: the caller puts logits in, and finds the gradient.
    private let group: UnsafeMutablePointer<Float>
    private let capacity: Int  // rows
    private let states: UnsafeMutablePointer<ck_softmax_row>
    private let rowLosses: UnsafeMutablePointer<Double>
    private let maxima: UnsafeMutablePointer<Float>  // [groups, rows]
    private let kept: UnsafeMutablePointer<Float>?  // [groups, rows, groupWidth]
    private let keptStride: Int  // of a group
    /// Where the gradients of all groups stay, for ranks that make weight gradients together; nil where they do not.
    public let shared: SharedGradients.Groups?
    private let targets: UnsafeMutablePointer<Int32>
    private let mask: UnsafeMutablePointer<Float>
    private let workspace: Workspace
    private var rows = 0  // of the window at hand

    /// For a model with `builder.capacity`, of which `mostLogitBytes` of exponentials are kept for the backward pass.
    ///
    /// - Parameters:
    ///   - columns: of a row of logits, V.
    ///   - shares: whether exponentials and gradients are kept in the memory that ranks share.
    public convenience init(columns: Int, shares: Bool, builder: Builder) {
        let capacity = builder.capacity
        self.init(
            maximumRows: capacity.rows, columns: columns, mostKeptBytes: capacity.training ? capacity.mostLogitBytes : 0,
            shared: shares ? builder.gradientGroups(Self.groupCount(columns), width: Self.groupWidth) : nil,
            workspace: builder.workspace)
    }

    /// For rows of `columns` logits; exponentials are kept where they take no more than `mostKeptBytes`.
    public init(
        maximumRows: Int, columns: Int, mostKeptBytes: Int, shared: SharedGradients.Groups? = nil,
        workspace: Workspace = Workspace()
    ) {
        capacity = maximumRows
        self.columns = columns
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
        let keeps = groupCount * groupSize * 4 <= mostKeptBytes
        kept = shared?.first ?? (keeps ? workspace.allocate(Float.self, count: groupCount * groupSize) : nil)
    }

    private static func groupCount(_ columns: Int) -> Int { (columns + groupWidth - 1) / groupWidth }

    /// The columns of group `index`.
    public func columns(_ index: Int) -> Range<Int> {
        (index * Self.groupWidth)..<min((index + 1) * Self.groupWidth, columns)
    }

    /// Whether a group's gradient can be had without its logits.
    public var keepsGroups: Bool { kept != nil }

    /// Begins a window. Shapes: `targets` and `mask` `[rows]`; they are copied.
    public func begin(rows: Int, targets: UnsafePointer<Int32>, mask: UnsafePointer<Float>) {
        precondition(rows <= capacity, "\(rows) rows of \(capacity)")
        self.rows = rows
        self.targets.update(from: targets, count: rows)
        self.mask.update(from: mask, count: rows)
    }

    /// The place of group `index` while it is worked on, `[rows, its columns]`.
    public func place(_ index: Int) -> MatrixView {
        MatrixView(group, rows: rows, columns: columns(index).count, rowStride: Self.groupWidth)
    }

    /// Takes the logits of group `index` from its place; groups come in order.
    public func take(_ index: Int) {
        ck_softmax_take(
            rows, columns(index).lowerBound, columns(index).count, group, targets, states, maxima + index * capacity,
            kept.map { $0 + index * keptStride })
    }

    /// `-log softmax(logits)[target]` of each row in nats, 0 where the mask is 0. After all groups.
    public func losses() -> UnsafePointer<Double> {
        ck_softmax_losses(rows, states, mask, rowLosses)
        return UnsafePointer(rowLosses)
    }

    /// Puts the gradient of group `index`, `(softmax - onehot) * mask * scale`, in its place; there must be its logits where it was
    /// not kept; where gradients are shared it stays in `shared`. After all groups were taken. Returns it, `[rows, its columns]`.
    public func gradient(_ index: Int, scale: Float) -> MatrixView {
        let from = kept.map { $0 + index * keptStride } ?? group
        let to = shared == nil ? group : from
        ck_softmax_gradient(
            rows, columns(index).lowerBound, columns(index).count, from, kept == nil ? 0 : 1, targets, mask, states,
            maxima + index * capacity, scale, to)
        return MatrixView(to, rows: rows, columns: columns(index).count, rowStride: Self.groupWidth)
    }
}
