import Foundation

/// The product of the decisions on the path to a token in a Huffman tree, `s(v h)` to the left and `1 - s(v h)` to the right.
struct OracleHierarchicalOutput: OracleOutput {
    var usesCounts = false

    private struct Step {
        let node: Int
        let goesRight: Bool
    }

    private indirect enum Tree {
        case leaf(Int)
        case node(made: Int, Tree, Tree)
    }

    /// The path to each token, from the root. Nodes are numbered by depth, and those of a depth from the last that was made on.
    private func paths(_ V: Int) -> [[Step]] {
        let frequencies = usesCounts ? TestCounts.frequencies(V) : (1...V).map { 1 / Double($0) }
        var open = (0..<V).map { (weight: frequencies[$0], order: V - $0, tree: Tree.leaf($0)) }
        var made = 0
        while open.count > 1 {
            open.sort { ($0.weight, $0.order) < ($1.weight, $1.order) }
            let (first, second) = (open.removeFirst(), open.removeFirst())
            open.append((first.weight + second.weight, V + 1 + made, .node(made: made, first.tree, second.tree)))
            made += 1
        }
        var ofDepth: [[Int]] = []
        collect(open[0].tree, 0, &ofDepth)
        let order = ofDepth.flatMap { $0.sorted(by: >) }
        var paths = [[Step]](repeating: [], count: V)
        walk(open[0].tree, [], order, &paths)
        return paths
    }

    private func collect(_ tree: Tree, _ depth: Int, _ ofDepth: inout [[Int]]) {
        guard case .node(let made, let left, let right) = tree else { return }
        if depth == ofDepth.count { ofDepth.append([]) }
        ofDepth[depth].append(made)
        for child in [left, right] { collect(child, depth + 1, &ofDepth) }
    }

    private func walk(_ tree: Tree, _ path: [Step], _ order: [Int], _ paths: inout [[Step]]) {
        switch tree {
        case .leaf(let token): paths[token] = path
        case .node(let made, let left, let right):
            let number = order.firstIndex(of: made)!
            walk(left, path + [Step(node: number, goesRight: false)], order, &paths)
            walk(right, path + [Step(node: number, goesRight: true)], order, &paths)
        }
    }

    func parameterCounts(vocabulary V: Int, hidden H: Int, tied: Bool) -> [String: Int] { ["decoder.weight": (V - 1) * H] }

    private func logit(_ node: Int, _ h: [Double], _ model: OracleModel) -> Double {
        let weight = model.parameter("decoder.weight")
        return h.indices.reduce(0) { $0 + weight[node * h.count + $1] * h[$1] }
    }

    func logProbabilities(h: [Double], model: OracleModel) -> [Double] {
        paths(model.vocabularySize).map { path in
            path.reduce(0) { $0 - log(1 + exp(($1.goesRight ? 1 : -1) * logit($1.node, h, model))) }
        }
    }

    func loss(
        h: [Double], target: Int, weight: Double, model: OracleModel, gradients: inout [String: [Double]]
    ) -> (loss: Double, dh: [Double]) {
        var (loss, dh) = (0.0, [Double](repeating: 0, count: h.count))
        let W = model.parameter("decoder.weight")
        gradients.add("decoder.weight") { _ in }
        for step in paths(model.vocabularySize)[target] {
            let x = logit(step.node, h, model)
            loss += log(1 + exp(step.goesRight ? x : -x))
            let d = weight * (1 / (1 + exp(-x)) - (step.goesRight ? 0 : 1))
            for i in h.indices { dh[i] += d * W[step.node * h.count + i] }
            gradients.add("decoder.weight") { for i in h.indices { $0[step.node * h.count + i] += d * h[i] } }
        }
        return (weight * loss, dh)
    }
}
