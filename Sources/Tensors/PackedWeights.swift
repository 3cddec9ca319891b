internal import CKernels

/// A weight, or some of its rows, as the right operand of a product.
public struct PackedOperand: Sendable, Hashable {
    /// Which way the weight `w` `[n, k]` is used.
    public enum Form: Sendable, Hashable {
        /// `a * w^T`, in the forward pass.
        case forward
        /// `a * w`, in the backward pass.
        case backward
    }

    /// The parameter's name.
    public let name: String
    /// Its rows.
    public let rows: Range<Int>
    public let form: Form

    public init(name: String, rows: Range<Int>, form: Form) {
        self.name = name
        self.rows = rows
        self.form = form
    }
}

/// Where each packed operand lies in one flat buffer of floats.
public struct PackedLayout: Sendable {
    struct Entry: Sendable {
        let operand: PackedOperand
        /// Its elements in the arena of parameters.
        let elements: Range<Int>
        let columns: Int  // of the parameter
        let offset: Int  // in the buffer
    }

    private(set) var entries: [Entry] = []
    /// Floats in all.
    public private(set) var elementCount = 0

    /// Places for `operands`, each of a matrix in `parameters`.
    public init(_ operands: [PackedOperand], of parameters: ParameterLayout) {
        for operand in operands {
            guard let entry = parameters.entry(named: operand.name), entry.shape.count == 2 else {
                preconditionFailure("the layout has no matrix \(operand.name)")
            }
            precondition(operand.rows.upperBound <= entry.shape[0], "rows \(operand.rows) of \(operand.name)")
            let columns = entry.shape[1]
            let first = entry.offset + operand.rows.lowerBound * columns
            entries.append(
                Entry(
                    operand: operand, elements: first..<(first + operand.rows.count * columns), columns: columns,
                    offset: elementCount))
            let isForward = operand.form == .forward
            elementCount += ck_packed_count(
                isForward ? operand.rows.count : columns, isForward ? columns : operand.rows.count)
        }
    }
}

/// The weights of a model, packed for its products.
///
/// In training the buffer lies in the node's memory, once for all its ranks: whoever changes parameters packs them anew
/// there, right away. A view of somebody else's memory, which must outlive it.
public final class PackedWeights {
    private let layout: PackedLayout
    private let values: UnsafePointer<Float>
    private let storage: UnsafeMutablePointer<Float>

    /// - Parameters:
    ///   - values: the arena of parameters.
    ///   - storage: `layout.elementCount` floats, at a cache line, zero at first.
    public init(_ layout: PackedLayout, values: UnsafePointer<Float>, storage: UnsafeMutablePointer<Float>) {
        self.layout = layout
        self.values = values
        self.storage = storage
    }

    /// The operand of all rows of `weight`, or of `rows`. Must be in the layout.
    public func matrix(_ weight: Parameter, rows: Range<Int>? = nil, _ form: PackedOperand.Form) -> PackedMatrix {
        let operand = PackedOperand(name: weight.name, rows: rows ?? 0..<weight.rows, form: form)
        guard let entry = layout.entries.first(where: { $0.operand == operand }) else {
            preconditionFailure("\(operand.name) \(operand.rows) is not packed for the \(form) pass")
        }
        return PackedMatrix(
            inner: form == .forward ? entry.columns : operand.rows.count,
            columns: form == .forward ? operand.rows.count : entry.columns, panels: storage + entry.offset)
    }

    /// Takes up `elements` of the arena as they are now. Several ranks may do so at once for different elements.
    public func pack(_ elements: Range<Int>) {
        for entry in layout.entries {
            let part = entry.elements.clamped(to: elements)
            guard !part.isEmpty else { continue }
            let first = part.lowerBound - entry.elements.lowerBound
            let weight = values + entry.elements.lowerBound
            let panels = storage + entry.offset
            switch entry.operand.form {
            case .forward: ck_pack_transposed(entry.operand.rows.count, entry.columns, weight, first, part.count, panels)
            case .backward: ck_pack(entry.columns, entry.operand.rows.count, weight, first, part.count, panels)
            }
        }
    }
}
