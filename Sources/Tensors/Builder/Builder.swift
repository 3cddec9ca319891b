/// Allocates everything that the initialisers of a model's layers use.
///
/// The same initialisers run twice. In the *measuring* pass the builder only counts. The memory forecast, the layouts of
/// parameters and packed weights, the shared buffers and the list of states in a checkpoint all come from this count. The builder
/// returns addresses that are never mapped, so an initialiser must not read or write memory. In the *allocating* pass the builder
/// returns real memory, and layers request the same buffers in the same order.
public final class Builder {
    public let settings: BuildSettings
    /// Memory of this rank only.
    public let workspace: Workspace
    /// The ranks that divide the steps of recurrent layers; nil without a team and while measuring.
    public let team: StepTeam?
    /// The states registered so far, by name, `[B, columns]` each.
    public private(set) var states: [(name: String, matrix: MatrixView)] = []
    /// The rows of each sparse table that the last backward pass wrote, in the order of `ModelNeeds.sparseTables`.
    public private(set) var writtenRows: [WrittenRows] = []
    private let parameters: ParameterSet?  // nil while measuring
    private let weights: PackedWeights?
    private let shared: SharedGradients?
    private var needs = ModelNeeds()
    private var keptLogitBytes = 0

    /// Measures what `build` requests from a builder.
    public static func measure(_ settings: BuildSettings, _ build: (Builder) -> Void) -> ModelNeeds {
        let builder = Builder(settings, parameters: nil, weights: nil, shared: nil, team: nil)
        build(builder)
        builder.needs.byteCount = builder.workspace.byteCount
        builder.needs.states = builder.states.map { ($0.name, $0.matrix.columns) }
        return builder.needs
    }

    /// Allocates what `measure` measured with the same settings.
    ///
    /// - Parameters:
    ///   - parameters: uses the measured layout.
    ///   - weights: `parameters`, packed.
    ///   - shared: the shared memory and joint gradients of the node's ranks; required if `settings.sharesMemory`.
    ///   - team: required if `settings.division` is not nil. All ranks of the team make the same calls.
    public convenience init(
        making settings: BuildSettings, parameters: ParameterSet, weights: PackedWeights, shared: SharedGradients? = nil,
        team: StepTeam? = nil
    ) {
        precondition(settings.sharesMemory == (shared != nil), "`shared` does not match `settings.sharesMemory`")
        precondition(settings.division == team?.division, "the division of the team differs from `settings.division`")
        self.init(settings, parameters: parameters, weights: weights, shared: shared, team: team)
    }

    private init(
        _ settings: BuildSettings, parameters: ParameterSet?, weights: PackedWeights?, shared: SharedGradients?, team: StepTeam?
    ) {
        self.settings = settings
        self.parameters = parameters
        self.weights = weights
        self.shared = shared
        self.team = team
        workspace = Workspace(measuring: parameters == nil)
        needs.precision = settings.precision
        needs.sharedParts = [.mergedSegments]
    }

    /// The largest window.
    public var capacity: WindowCapacity { settings.capacity }

    /// Whether memory is counted only: what is handed out cannot be read or written.
    public var isMeasuring: Bool { parameters == nil }

    // MARK: Parameters

    /// Which ranks compute the gradient of a parameter.
    public enum GradientRole {
        /// Each rank, for its own shards.
        case rank
        /// The ranks of a node jointly, if they share gradients. Parameters with this role must be contiguous.
        case node
    }

    /// Appends a parameter: a vector `[n]` or a matrix `[rows, columns]`.
    public func parameter(
        _ name: String, _ shape: [Int], start: ParameterStart = .zero, _ role: GradientRole = .node
    ) -> Parameter {
        needs.parameters.append(name, shape: shape, start: start)
        let entry = needs.parameters.entries[needs.parameters.entries.count - 1]
        if role == .node, settings.sharing != .none { divide(entry.elements) }
        if let parameters { return parameters.parameter(name) }
        let rows = shape.count > 1 ? shape[0] : 1
        return Parameter(
            name: name, rows: rows, columns: entry.count / rows,
            value: UnsafeMutableRawPointer.untouchable.assumingMemoryBound(to: Float.self), gradients: .init(start: nil, count: 0)
        )
    }

    /// Appends a matrix `[rows, columns]` of which a step uses few rows, at most `mostRows`. Each rank computes the gradient for its own shards.
    ///
    /// The backward pass must keep the rows that it does not use at zero, and note those that it uses in `written`.
    public func sparseTable(
        _ name: String, _ shape: [Int], start: ParameterStart = .zero, mostRows: Int
    ) -> (table: Parameter, written: WrittenRows) {
        let table = parameter(name, shape, start: start, .rank)
        let entry = needs.parameters.entries[needs.parameters.entries.count - 1]
        needs.sparseTables.append(SparseTable(entry.offset..<(entry.offset + entry.count), rowWidth: table.columns))
        let written = WrittenRows(of: table, mostRows: capacity.training ? mostRows : 0, workspace: workspace)
        writtenRows.append(written)
        return (table, written)
    }

    private func divide(_ elements: Range<Int>) {
        let before = needs.dividedElements
        precondition(before.isEmpty || before.upperBound == elements.lowerBound, "joint gradients are not contiguous")
        needs.dividedElements = (before.isEmpty ? elements.lowerBound : before.lowerBound)..<elements.upperBound
    }

    /// `weight`, or some of its rows, as the destination of `GradientRows.weightGradient`. With `role` `.node` the ranks share
    /// the left operand of the product.
    public func gradient(of weight: Parameter, rows: Range<Int>? = nil, _ role: GradientRole = .node) -> Parameter {
        needs.widestInput = max(needs.widestInput, weight.columns)
        var result = rows.map { weight.slice(rows: $0, workspace: workspace) } ?? weight
        if role == .node { result.sharedPlace = share(.panels(columns: weight.columns)) }
        return result
    }

    /// A parameter `[columns]`, such as an initial state, whose gradient has a row for each stream.
    public func streamVector(_ name: String, columns: Int, start: ParameterStart = .zero) -> Parameter {
        var result = parameter(name, [columns], start: start)
        result.sharedPlace = share(.states(columns: columns))
        return result
    }

    /// `weight`, or some of its rows, packed for products.
    public func packed(_ weight: Parameter, rows: Range<Int>? = nil, _ form: PackedOperand.Form) -> PackedMatrix {
        let operand = PackedOperand(name: weight.name, rows: rows ?? 0..<weight.rows, form: form)
        needs.operands.append(operand)
        if let weights { return weights.matrix(weight, rows: operand.rows, form) }
        return PackedMatrix(operand, columns: weight.columns, precision: settings.precision)
    }

    /// `weight`, or some of its rows, packed for the backward pass; nil if there is no backward pass.
    public func packedBackward(_ weight: Parameter, rows: Range<Int>? = nil) -> PackedMatrix? {
        capacity.training ? packed(weight, rows: rows, .backward) : nil
    }

    /// Says that what is asked for from now on is that of the output layer, which may use a weight for some tokens only, or several times.
    public func beginOutput() { needs.layerOperandCount = needs.operands.count }

    // MARK: Activations

    /// Says that a layer asks for gradients of windows with so many times their rows.
    public func multiplyRows(by factor: Int) { needs.rowsPerPrediction = max(needs.rowsPerPrediction, factor) }

    /// Whether `bytes` of exponentials may be kept for the backward pass, of `limit` for all parts of a model.
    func keepsLogits(bytes: Int, limit: Int) -> Bool {
        guard capacity.training, keptLogitBytes + bytes <= min(limit, capacity.mostLogitBytes) else { return false }
        keptLogitBytes += bytes
        return true
    }

    /// A spread matrix with a row for each row of a window, for the `dY` of weight gradients. It lies in the node's memory if
    /// ranks share it.
    public func gradientRows(columns: Int) -> MatrixView {
        shared(.matrix(columns: columns), columns: columns, stride: SharedRows.stride(columns))
            ?? workspace.spreadMatrix(rows: capacity.rows, columns: columns)
    }

    /// A matrix without gaps, for the rows of merged tokens. It lies in the node's memory if ranks share it.
    public func mergedRows(columns: Int) -> MatrixView {
        shared(.plainMatrix(columns: columns), columns: columns, stride: columns)
            ?? workspace.matrix(rows: capacity.rows, columns: columns)
    }

    /// Groups of columns for the `dY` of a weight gradient; nil if ranks do not share memory.
    func gradientGroups(_ count: Int, width: Int) -> SharedGradients.Groups? {
        needs.sharedParts.append(.groups(count, width: width))
        guard settings.sharesMemory else { return nil }
        return shared?.groups(count, width: width)
            ?? SharedGradients.Groups(
                first: UnsafeMutableRawPointer.untouchable.assumingMemoryBound(to: Float.self), width: width, stride: 0)
    }

    private func shared(_ part: SharedRows.Part, columns: Int, stride: Int) -> MatrixView? {
        needs.sharedParts.append(part)
        guard settings.sharesMemory else { return nil }
        let rows =
            shared?.rows(part, columns: columns, stride: stride)
            ?? MatrixView(
                UnsafeMutableRawPointer.untouchable.assumingMemoryBound(to: Float.self), rows: capacity.rows, columns: columns,
                rowStride: stride)
        return rows.prefix(rows: capacity.rows)
    }

    /// A buffer that all ranks of the node write to; nil while measuring and if ranks do not share memory.
    private func share(_ part: SharedRows.Part) -> UnsafeMutablePointer<Float>? {
        needs.sharedParts.append(part)
        return shared?.place(part)
    }

    // MARK: States and teams

    /// Registers a state `[B, columns]` that is carried from window to window and saved in checkpoints as `name`.
    public func state(_ name: String, _ matrix: MatrixView) { states.append((name, matrix)) }

    /// Declares that a team may divide `units` units and needs `floatsPerStream` shared floats for each stream. Layers use this
    /// memory in turn.
    public func dividesUnits(_ units: Int, floatsPerStream: Int) {
        let most = UnitDivision.mostMembers(hiddenSize: units)
        needs.team = TeamNeeds(
            floatsPerStream: max(floatsPerStream, needs.team?.floatsPerStream ?? 0),
            mostMembers: min(most, needs.team?.mostMembers ?? most))
    }
}
