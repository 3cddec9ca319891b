/// The Huffman tree of tokens by their frequencies.
///
/// Inner nodes are numbered by depth from the root, 0. A code is `2 * node`, or `2 * node + 1` for the right child of the node.
/// Source: Huffman 1952, with two queues (van Leeuwen 1976).
struct HuffmanTree {
    /// The code above the root.
    static let end: Int32 = -1

    let leafCount: Int
    /// The nodes of each depth.
    let depths: [Range<Int>]
    private let leafCodes: [Int32]
    private let nodeCodes: [Int32]

    var nodeCount: Int { nodeCodes.count }

    init(_ weights: TokenWeights) {
        let leafCount = weights.size
        self.leafCount = leafCount
        let merges = Self.merges(weights)
        // A node is made before its parent, so that the last one is the root.
        let n = merges.count
        var depth = [Int](repeating: 0, count: n)
        for node in (0..<n).reversed() {
            for child in [merges[node].left, merges[node].right] where child >= leafCount {
                depth[child - leafCount] = depth[node] + 1
            }
        }
        let counts = depth.reduce(into: [Int](repeating: 0, count: (depth.max() ?? -1) + 1)) { $0[$1] += 1 }
        var starts = [0]
        for count in counts { starts.append(starts[starts.count - 1] + count) }
        depths = zip(starts, starts.dropFirst()).map { $0..<$1 }
        var numbers = [Int](repeating: 0, count: n)
        for node in (0..<n).reversed() {
            numbers[node] = starts[depth[node]]
            starts[depth[node]] += 1
        }
        var leaves = [Int32](repeating: Self.end, count: leafCount)
        var nodes = [Int32](repeating: Self.end, count: n)
        for node in 0..<n {
            for (side, child) in [merges[node].left, merges[node].right].enumerated() {
                let code = Int32(2 * numbers[node] + side)
                if child < leafCount { leaves[child] = code } else { nodes[numbers[child - leafCount]] = code }
            }
        }
        (leafCodes, nodeCodes) = (leaves, nodes)
    }

    /// The children of each inner node, in the order in which they are made. Numbers below `leafCount` are leaves, others inner nodes.
    private static func merges(_ weights: TokenWeights) -> [(left: Int, right: Int)] {
        let leafCount = weights.size
        let leaves = (0..<leafCount).sorted { (weights[$0], $1) < (weights[$1], $0) }  // of equal ones, the last token first
        var merges: [(left: Int, right: Int)] = []
        var ofNodes: [Double] = []  // weights of the inner nodes, ascending
        var (leaf, node) = (0, 0)
        func next() -> (child: Int, weight: Double) {
            if leaf < leafCount, node >= ofNodes.count || weights[leaves[leaf]] <= ofNodes[node] {
                leaf += 1
                return (leaves[leaf - 1], weights[leaves[leaf - 1]])
            }
            node += 1
            return (leafCount + node - 1, ofNodes[node - 1])
        }
        while merges.count < leafCount - 1 {
            let (first, second) = (next(), next())
            merges.append((first.child, second.child))
            ofNodes.append(first.weight + second.weight)
        }
        return merges
    }

    /// The decision that leads to a leaf; `end` for a tree of one leaf.
    func code(ofLeaf leaf: Int) -> Int32 { leafCodes[leaf] }

    /// The decision that leads to a node; `end` for the root.
    func code(ofNode node: Int) -> Int32 { nodeCodes[node] }

    /// The number of decisions from the root to a leaf.
    func pathLength(toLeaf leaf: Int) -> Int {
        var (length, code) = (0, leafCodes[leaf])
        while code != Self.end {
            length += 1
            code = nodeCodes[Int(code >> 1)]
        }
        return length
    }
}
