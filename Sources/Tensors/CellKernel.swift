internal import CKernels

/// The operands of a recurrent cell's elementwise arithmetic at one time step: U units of B streams.
///
/// In the forward pass, gates hold preactivations and become activated gates. In the backward pass they become the gradients of
/// the preactivations. Operands that a cell does not use are nil.
public struct CellStep {
    /// `[B, G*U]`
    public let gates: MatrixView
    /// The number of units, U.
    public let units: Int
    /// h before the step, `[B, U]`.
    public let hPrevious: UnsafeMutablePointer<Float>
    /// h after the step, `[B, U]`.
    public var h: UnsafeMutablePointer<Float>
    /// The gradient of h, `[B, U]`. `backward` replaces it by the part of the gradient of `hPrevious` that does not pass through
    /// a product, if the cell has one.
    public var dH: UnsafeMutablePointer<Float>
    /// A second set of gates, with the same row stride.
    public var otherGates: UnsafeMutablePointer<Float>?
    /// A second state before and after the step, `[B, U]`, and its gradient. `backward` replaces the gradient by that of the
    /// state before the step.
    public var state: State?
    /// A third state like the second: the normaliser.
    public var normaliser: State?
    /// A fourth state: the logarithm of the scale of the second and third states. It has no gradient.
    public var stabiliser: State?
    /// What the forward pass keeps for the backward pass, `[B, U]`.
    public var kept: UnsafeMutablePointer<Float>?
    /// The gradient of `kept`.
    public var dKept: UnsafeMutablePointer<Float>?
    /// One number for each unit, `[U]`: a constant of the cell or a parameter.
    public var unitValues: UnsafePointer<Float>?
    /// The gradient of `unitValues`, `[B, U]`. `backward` adds to it.
    public var dUnitValues: UnsafeMutablePointer<Float>?

    /// A state of the cell before and after the step, and the gradient of the state.
    public typealias State = (
        before: UnsafeMutablePointer<Float>, after: UnsafeMutablePointer<Float>, gradient: UnsafeMutablePointer<Float>
    )

    public init(
        gates: MatrixView, units: Int, hPrevious: UnsafeMutablePointer<Float>, h: UnsafeMutablePointer<Float>,
        dH: UnsafeMutablePointer<Float>
    ) {
        self.gates = gates
        self.units = units
        self.hPrevious = hPrevious
        self.h = h
        self.dH = dH
    }

    fileprivate var kernel: ck_cell {
        ck_cell(
            rows: gates.rows, hidden: units, gates: gates.pointer, other_gates: otherGates, ld: gates.rowStride,
            h_previous: hPrevious, h: h, dh: dH, c_previous: state?.before, c: state?.after, dc: state?.gradient,
            n_previous: normaliser?.before,
            n: normaliser?.after, dn: normaliser?.gradient, m_previous: stabiliser?.before, m: stabiliser?.after, kept: kept,
            d_kept: dKept, unit_values: unitValues, d_unit_values: dUnitValues)
    }
}

/// The elementwise arithmetic of a cell, or of a part of a cell, between its products: `Sources/CKernels/body/cells`.
public struct CellKernel: Sendable {
    private let number: Int32

    /// The kernel named `name`, which must exist.
    public init(_ name: String) {
        number = ck_cell_number(name)
        precondition(number >= 0, "no cell of CKernels is named \(name)")
    }

    public func forward(_ step: CellStep) { ck_cell_forward(number, step.kernel) }

    public func backward(_ step: CellStep) { ck_cell_backward(number, step.kernel) }
}
