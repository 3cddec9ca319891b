internal import CKernels

/// A stack program that evaluates parts of a `ShardTree` from available partial sums.
///
/// It is compiled once, from the available sums (`leaves`) and the wanted sums (`outputs`). The kernels run it on gradients,
/// register tile by register tile or block by block. It owns its operations; running it allocates nothing.
public final class TreeProgram: @unchecked Sendable {
    /// The nodes whose sums are available, in order.
    public let leaves: [Range<Int>]
    /// The nodes whose sums are wanted, in order.
    public let outputs: [Range<Int>]

    // Immutable after init, so safe to share.
    let operations: UnsafeMutableBufferPointer<ck_tree_op>

    /// Compiles the sums of `outputs` from those of `leaves`.
    ///
    /// Both are lists of nodes of `tree`, from left to right, that cover the same shards. Each leaf lies within one output.
    public init(tree: ShardTree, leaves: [Range<Int>], outputs: [Range<Int>]) {
        self.leaves = leaves
        self.outputs = outputs
        var compiled: [ck_tree_op] = []
        for (index, output) in outputs.enumerated() {
            Self.compile(output, from: leaves, into: &compiled)
            compiled.append(ck_tree_op(op: Int32(CK_STORE), index: Int32(index)))
        }
        operations = .allocate(capacity: compiled.count)
        _ = operations.initialize(from: compiled)
    }

    /// The program of a rank that computes every shard of `shards`: from single shards to their cover.
    public convenience init(tree: ShardTree, ownShards shards: Range<Int>) {
        self.init(tree: tree, leaves: shards.map { $0..<($0 + 1) }, outputs: tree.cover(of: shards))
    }

    deinit { operations.deallocate() }

    private static func compile(_ node: Range<Int>, from leaves: [Range<Int>], into program: inout [ck_tree_op]) {
        if let leaf = leaves.firstIndex(of: node) {
            program.append(ck_tree_op(op: Int32(CK_LEAF), index: Int32(leaf)))
            return
        }
        precondition(node.count > 1, "there is no sum of shard \(node.lowerBound)")
        let middle = ShardTree.middle(of: node)
        compile(node.lowerBound..<middle, from: leaves, into: &program)
        compile(middle..<node.upperBound, from: leaves, into: &program)
        program.append(ck_tree_op(op: Int32(CK_ADD), index: 0))
    }

    /// The number of elements in one sum of squares.
    public static let blockSize = Int(CK_BLOCK)

    /// The sum of one double for each leaf, in tree order, for programs with one output.
    public func fold(_ leafValues: UnsafePointer<Double>) -> Double {
        precondition(outputs.count == 1, "a fold has one output, not \(outputs.count)")
        return withUnsafeTemporaryAllocation(of: Double.self, capacity: Int(CK_TREE_DEPTH)) { stack in
            var depth = 0
            for operation in operations {
                if operation.op == Int32(CK_LEAF) {
                    stack[depth] = leafValues[Int(operation.index)]
                    depth += 1
                } else if operation.op == Int32(CK_ADD) {
                    depth -= 1
                    stack[depth - 1] += stack[depth]
                }
            }
            return stack[0]
        }
    }
}
