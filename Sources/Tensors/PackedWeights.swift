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
    public let precision: Precision
    /// Floats in all, or what has their size.
    public private(set) var elementCount = 0

    /// Places for `operands`, each of a matrix in `parameters`.
    public init(_ operands: [PackedOperand], of parameters: ParameterLayout, precision: Precision = .fp32) {
        self.precision = precision
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
            elementCount += Self.count(
                columns: isForward ? operand.rows.count : columns, inner: isForward ? columns : operand.rows.count, precision)
        }
    }

    private static func count(columns: Int, inner: Int, _ precision: Precision) -> Int {
        switch precision {
        case .fp32: ck_packed_count(columns, inner)
        case .bf16: ck_bf16_packed_count(columns, inner) / 2  // panels are whole cache lines
        }
    }

    /// Where a piece that begins at `element` ends: see `PackedWeights.pieces`.
    fileprivate func endOfPiece(at element: Int) -> Int {
        let pieceCount = 16_384
        guard let entry = entries.first(where: { $0.elements.contains(element) }) else {
            let next = entries.lazy.map(\.elements.lowerBound).filter { $0 > element }.min()
            return min(element + pieceCount, next ?? .max)
        }
        let panel = PackedMatrix.panelWidth * entry.columns
        let group = panel * max(1, pieceCount / panel)
        let next = entry.elements.lowerBound + ((element - entry.elements.lowerBound) / group + 1) * group
        return min(next, entry.elements.upperBound)
    }

    /// The longest inner index.
    var largestInner: Int {
        entries.map { $0.operand.form == .forward ? $0.columns : $0.operand.rows.count }.max() ?? 0
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
    private let workspace = Workspace()
    private let scratch: UnsafeMutablePointer<Float>  // of the products in bf16

    /// - Parameters:
    ///   - values: the arena of parameters.
    ///   - storage: `layout.elementCount` floats, at a cache line, zero at first.
    public init(_ layout: PackedLayout, values: UnsafePointer<Float>, storage: UnsafeMutablePointer<Float>) {
        self.layout = layout
        self.values = values
        self.storage = storage
        scratch = workspace.allocate(
            Float.self, count: layout.precision == .bf16 ? ck_bf16_gemm_scratch(layout.largestInner) : 0)
    }

    public var precision: Precision { layout.precision }

    /// The operand of all rows of `weight`, or of `rows`. Must be in the layout.
    public func matrix(_ weight: Parameter, rows: Range<Int>? = nil, _ form: PackedOperand.Form) -> PackedMatrix {
        let operand = PackedOperand(name: weight.name, rows: rows ?? 0..<weight.rows, form: form)
        guard let entry = layout.entries.first(where: { $0.operand == operand }) else {
            preconditionFailure("\(operand.name) \(operand.rows) is not packed for the \(form) pass")
        }
        return PackedMatrix(
            inner: form == .forward ? entry.columns : operand.rows.count,
            columns: form == .forward ? operand.rows.count : entry.columns, panels: storage + entry.offset,
            precision: layout.precision, scratch: scratch)
    }

    /// Takes up `elements` of the arena as they are now. Several ranks may do so at once for different elements.
    public func pack(_ elements: Range<Int>) {
        for entry in layout.entries {
            let part = entry.elements.clamped(to: elements)
            guard !part.isEmpty else { continue }
            let first = part.lowerBound - entry.elements.lowerBound
            let weight = values + entry.elements.lowerBound
            let panels = storage + entry.offset
            pack(entry, weight, first: first, count: part.count, panels)
        }
    }

    /// `elements` in order, cut into pieces that a core's own cache holds together with their gradients and moments. Whole panels are kept
    /// together where they lie in `elements` whole: these are packed faster than parts of them.
    public func pieces(of elements: Range<Int>) -> [Range<Int>] {
        var pieces: [Range<Int>] = []
        var at = elements.lowerBound
        while at < elements.upperBound {
            let end = min(layout.endOfPiece(at: at), elements.upperBound)
            pieces.append(at..<end)
            at = end
        }
        return pieces
    }

    /// The sum of the bits of all that is packed of `elements`, once for each place in which it is packed.
    public func expectedBits(of elements: Range<Int>) -> BitSum {
        var sum = BitSum()
        for entry in layout.entries {
            let part = entry.elements.clamped(to: elements)
            guard !part.isEmpty else { continue }
            switch layout.precision {
            case .fp32: sum.add(values + part.lowerBound, count: part.count)
            case .bf16:
                ck_bf16_bits(
                    entry.columns, values + entry.elements.lowerBound, part.lowerBound - entry.elements.lowerBound, part.count,
                    entry.operand.form == .backward ? 1 : 0, &sum.kernel.sum)
            }
        }
        return sum
    }

    private func pack(
        _ entry: PackedLayout.Entry, _ weight: UnsafePointer<Float>, first: Int, count: Int,
        _ panels: UnsafeMutablePointer<Float>
    ) {
        let (rows, columns) = (entry.operand.rows.count, entry.columns)
        let numbers = UnsafeMutableRawPointer(panels).assumingMemoryBound(to: UInt16.self)
        switch (layout.precision, entry.operand.form) {
        case (.fp32, .forward): ck_pack_transposed(rows, columns, weight, first, count, panels)
        case (.fp32, .backward): ck_pack(columns, rows, weight, first, count, panels)
        case (.bf16, .forward): ck_bf16_pack_transposed(rows, columns, weight, first, count, numbers)
        case (.bf16, .backward): ck_bf16_pack(columns, rows, weight, first, count, numbers)
        }
    }
}
