/// A parameter as layers see it: its value, and the partial gradients of this rank's shards.
///
/// Each backward pass overwrites a gradient and never adds to it. The memory belongs to the `ParameterSet` that created the
/// parameter.
public struct Parameter {
    public let name: String
    /// Rows of the matrix; a vector is one row.
    public let rows: Int
    public let columns: Int
    /// The value, `[rows, columns]` without gaps. The ranks of a node share it, and it changes only between steps.
    public let value: UnsafeMutablePointer<Float>
    /// One pointer for each subtree of shards that this rank publishes, `[rows, columns]` each. Empty for inference.
    public let gradients: UnsafeMutableBufferPointer<UnsafeMutablePointer<Float>?>

    /// The operands of this gradient that the ranks of a node share; nil if each rank computes its own gradient.
    var sharedPlace: UnsafeMutablePointer<Float>?

    init(
        name: String, rows: Int, columns: Int, value: UnsafeMutablePointer<Float>,
        gradients: UnsafeMutableBufferPointer<UnsafeMutablePointer<Float>?>
    ) {
        self.name = name
        self.rows = rows
        self.columns = columns
        self.value = value
        self.gradients = gradients
    }

    /// The value as a matrix.
    public var matrix: MatrixView { MatrixView(value, rows: rows, columns: columns) }

    /// Rows `range` as a parameter, such as the rows of one gate. `workspace` holds the pointers to its gradients.
    public func slice(rows range: Range<Int>, workspace: Workspace) -> Parameter {
        let pointers = workspace.allocate(UnsafeMutablePointer<Float>?.self, count: gradients.count)
        for (index, gradient) in gradients.enumerated() { pointers[index] = gradient! + range.lowerBound * columns }
        return Parameter(
            name: name, rows: range.count, columns: columns, value: value + range.lowerBound * columns,
            gradients: UnsafeMutableBufferPointer(start: pointers, count: gradients.count))
    }

    /// Sets one row of every partial gradient to zero.
    public func clearGradients(row: Int) {
        for gradient in gradients { (gradient! + row * columns).update(repeating: 0, count: columns) }
    }

    /// Sets all partial gradients to zero.
    public func clearGradients() {
        for gradient in gradients { gradient!.update(repeating: 0, count: rows * columns) }
    }

    /// Moves row i of every partial gradient, for i below `count`, to row `ids[i]`. `ids` ascend. The rows from `count` on must be zero.
    public func spreadGradients(to ids: UnsafePointer<Int32>, count: Int) {
        for gradient in gradients {
            let first = gradient!
            // From the last on: row `ids[i]` is not below row i, so that it holds no row that is still to be moved.
            for i in (0..<count).reversed() where Int(ids[i]) != i {
                (first + Int(ids[i]) * columns).update(from: first + i * columns, count: columns)
                (first + i * columns).update(repeating: 0, count: columns)
            }
        }
    }

    /// A vector as a matrix of one column.
    public var asColumn: Parameter {
        Parameter(name: name, rows: rows * columns, columns: 1, value: value, gradients: gradients)
    }

    /// Copies some columns of the partial gradients of a vector of the same size.
    func copyGradients(of other: Parameter, columns: Range<Int>) {
        for (from, to) in zip(other.gradients, gradients) {
            (to! + columns.lowerBound).update(from: from! + columns.lowerBound, count: columns.count)
        }
    }

    /// Sets some columns of a vector's partial gradients to zero.
    func clearGradients(columns: Range<Int>) {
        for gradient in gradients { (gradient! + columns.lowerBound).update(repeating: 0, count: columns.count) }
    }
}

/// The parameters of a model: values in one buffer, partial gradients in one buffer for each subtree that the rank publishes.
public final class ParameterSet {
    public let layout: ParameterLayout
    /// The values, `layout.elementCount` floats, owned by the caller.
    public let values: UnsafeMutablePointer<Float>
    private let parameters: [Parameter]

    /// - Parameters:
    ///   - values: the values, `layout.elementCount` floats.
    ///   - gradients: for each parameter, one buffer of the same size for each published subtree of shards; empty for inference.
    public init(
        layout: ParameterLayout, values: UnsafeMutablePointer<Float>,
        gradients: (ParameterLayout.Entry) -> [UnsafeMutablePointer<Float>]
    ) {
        self.layout = layout
        self.values = values
        parameters = layout.entries.map { entry in
            let gradients = gradients(entry)
            let pointers = UnsafeMutableBufferPointer<UnsafeMutablePointer<Float>?>.allocate(capacity: gradients.count)
            _ = pointers.initialize(from: gradients.map { $0 + entry.offset })
            let rows = entry.shape.count > 1 ? entry.shape[0] : 1
            return Parameter(
                name: entry.name, rows: rows, columns: entry.count / max(rows, 1), value: values + entry.offset,
                gradients: pointers)
        }
    }

    /// Uses the same gradient buffers for all parameters.
    public convenience init(
        layout: ParameterLayout, values: UnsafeMutablePointer<Float>, gradients: [UnsafeMutablePointer<Float>]
    ) {
        self.init(layout: layout, values: values) { _ in gradients }
    }

    deinit { parameters.forEach { $0.gradients.deallocate() } }

    /// The parameter named `name`, which must be in the layout.
    public func parameter(_ name: String) -> Parameter {
        guard let found = parameters.first(where: { $0.name == name }) else {
            preconditionFailure("the layout has no parameter \(name)")
        }
        return found
    }
}
