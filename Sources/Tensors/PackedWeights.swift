internal import CKernels

/// A weight, or some of its rows, as the right operand of a product.
public struct PackedOperand: Sendable, Hashable {
    /// The orientation in which a product uses the weight `w` `[n, k]`.
    public enum Form: Sendable, Hashable {
        /// `a * w^T`, in the forward pass.
        case forward
        /// `a * w`, in the backward pass.
        case backward
    }

    /// The parameter's name.
    public let name: String
    /// The rows of the parameter.
    public let rows: Range<Int>
    public let form: Form

    public init(name: String, rows: Range<Int>, form: Form) {
        self.name = name
        self.rows = rows
        self.form = form
    }
}

/// The offset of each packed operand in one flat buffer of floats.
public struct PackedLayout: Sendable {
    struct Entry: Sendable {
        let operand: PackedOperand
        /// The operand's elements in the parameter arena.
        let elements: Range<Int>
        let columns: Int  // of the parameter
        let offset: Int  // in the buffer
    }

    private(set) var entries: [Entry] = []
    public let precision: Precision
    /// The size of the buffer in floats. Other types count as floats of the same size.
    public private(set) var elementCount = 0

    /// Assigns offsets to `operands`, each a matrix in `parameters`.
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

    /// The floats of an operand.
    static func count(columns: Int, inner: Int, _ precision: Precision) -> Int {
        switch precision {
        case .fp32: ck_packed_count(columns, inner)
        case .bf16: ck_bf16_packed_count(columns, inner) / 2  // panels are whole cache lines
        }
    }

    /// The end of the piece that begins at `element`: see `PackedWeights.pieces`.
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

    /// The largest inner size.
    var largestInner: Int {
        entries.map { $0.operand.form == .forward ? $0.columns : $0.operand.rows.count }.max() ?? 0
    }
}

/// The packed weights of a model.
///
/// In training the buffer lies in the node's memory, once for all its ranks. After changing parameters, call `pack`. This view
/// does not own the memory, which must outlive it.
public final class PackedWeights {
    private let layout: PackedLayout
    private let values: UnsafePointer<Float>
    private let storage: UnsafeMutablePointer<Float>
    private let workspace = Workspace()
    private let scratch: UnsafeMutablePointer<Float>  // of products in bf16

    /// - Parameters:
    ///   - values: the parameter arena.
    ///   - storage: `layout.elementCount` floats, aligned to a cache line, initially zero.
    public init(_ layout: PackedLayout, values: UnsafePointer<Float>, storage: UnsafeMutablePointer<Float>) {
        self.layout = layout
        self.values = values
        self.storage = storage
        scratch = workspace.allocate(
            Float.self, count: layout.precision == .bf16 ? ck_bf16_gemm_scratch(layout.largestInner) : 0)
    }

    /// The precision of the packed values.
    public var precision: Precision { layout.precision }

    /// The operand of all rows of `weight`, or of `rows`. The layout must contain it.
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

    /// Packs `elements` of the parameter arena. Several ranks may pack different elements concurrently.
    public func pack(_ elements: Range<Int>) { pack(elements, from: values + elements.lowerBound) }

    /// The same from other values, `[elements.count]`.
    public func pack(_ elements: Range<Int>, from source: UnsafePointer<Float>) {
        for entry in layout.entries {
            let part = entry.elements.clamped(to: elements)
            guard !part.isEmpty else { continue }
            let first = part.lowerBound - entry.elements.lowerBound
            let weight = source - (elements.lowerBound - entry.elements.lowerBound)
            let panels = storage + entry.offset
            pack(entry, weight, first: first, count: part.count, panels)
        }
    }

    /// Cuts `elements`, in order, into pieces that fit in a core's private cache together with their gradients and moments. A
    /// panel that lies completely in `elements` is not cut, because whole panels are packed faster.
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

    /// The sum of bits of all packed copies of `elements`. An element counts once for each copy.
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
