import Tensors

/// A matrix in bf16, packed by `PackedWeights` in any number of calls.
final class BFloat16Matrix {
    private let inner: Int
    private let columns: Int
    private let workspace: Workspace
    private var packed: (parameters: ParameterSet, weights: PackedWeights, matrix: PackedMatrix)?

    init(inner: Int, columns: Int, workspace: Workspace) {
        self.inner = inner
        self.columns = columns
        self.workspace = workspace
    }

    /// Packs some elements of `weights` `[columns, inner]` for products `a * weights^T`.
    func packTransposed(_ weights: UnsafePointer<Float>, elements: Range<Int>) {
        pack(weights, elements: elements, form: .forward, shape: [columns, inner])
    }

    /// Packs some elements of `weights` `[inner, columns]` for products `a * weights`.
    func pack(_ weights: UnsafePointer<Float>, elements: Range<Int>) {
        pack(weights, elements: elements, form: .backward, shape: [inner, columns])
    }

    private func pack(_ weights: UnsafePointer<Float>, elements: Range<Int>, form: PackedOperand.Form, shape: [Int]) {
        let (parameters, all, _) = packed ?? make(form, shape: shape)
        (parameters.values + elements.lowerBound).update(from: weights + elements.lowerBound, count: elements.count)
        all.pack(elements)
    }

    private func make(
        _ form: PackedOperand.Form, shape: [Int]
    ) -> (parameters: ParameterSet, weights: PackedWeights, matrix: PackedMatrix) {
        var layout = ParameterLayout()
        layout.append("weight", shape: shape)
        let values = workspace.allocate(Float.self, count: layout.elementCount)
        let parameters = ParameterSet(layout: layout, values: values, gradients: [])
        let operands = PackedLayout(
            [PackedOperand(name: "weight", rows: 0..<shape[0], form: form)], of: layout, precision: .bf16)
        let weights = PackedWeights(
            operands, values: values, storage: workspace.allocate(Float.self, count: operands.elementCount))
        let made = (parameters, weights, weights.matrix(parameters.parameter("weight"), form))
        packed = made
        return made
    }

    /// `result = start + a * packed`, over all or some terms; zeros if nothing was packed.
    func multiply(
        _ a: MatrixView, terms: Range<Int>? = nil, into result: MatrixView, from start: ProductStart = .zero
    ) {
        let matrix = (packed ?? make(.forward, shape: [columns, inner])).matrix
        if let terms {
            matrix.multiply(a, terms: terms, into: result, from: start)
        } else {
            matrix.multiply(a, into: result, from: start)
        }
    }

    /// The same product, one panel of columns at a time, with a left operand that is packed once into a buffer of the required size.
    /// `intact` is whether it wrote only to that buffer.
    func multiplyByPanels(_ a: MatrixView, into result: MatrixView, from start: MatrixView?) -> (intact: Bool, panels: Int) {
        let matrix = (packed ?? make(.forward, shape: [columns, inner])).matrix
        let room = matrix.leftCount(rows: a.rows)
        let storage = workspace.allocate(Float.self, count: room + 16)
        for i in room..<(room + 16) { storage[i] = 7 }
        let left = matrix.left(a, in: storage)
        let firsts = Array(stride(from: 0, to: columns, by: PackedMatrix.panelWidth))
        for first in firsts {
            let range = first..<min(first + PackedMatrix.panelWidth, columns)
            matrix.multiply(
                left, columns: range, into: result.slice(columns: range), from: start.map { .bias($0.pointer + first) } ?? .zero)
        }
        return ((room..<(room + 16)).allSatisfy { storage[$0] == 7 }, firsts.count)
    }
}
