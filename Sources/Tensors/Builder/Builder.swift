/// What the initialisers of a model's layers ask for everything that they use.
///
/// The same initialisers run twice. *Measuring*, the builder counts: the forecast of memory, the layouts of parameters and packed weights, what
/// ranks share and the states of a checkpoint all come from this count. It hands out addresses that no process has, so that an initialiser
/// must not read or write memory. *Making*, it hands out the memory itself, and layers ask for the same in the same order.
public final class Builder {
    public let settings: BuildSettings
    /// Memory of this rank alone.
    public let workspace: Workspace
    /// The ranks that divide the steps of recurrent layers; nil where none do, and while measuring.
    public let team: StepTeam?
    /// The states so far, by name, `[B, columns]` each.
    public private(set) var states: [(name: String, matrix: MatrixView)] = []
    private let parameters: ParameterSet?  // nil while measuring
    private let weights: PackedWeights?
    private let shared: SharedGradients?
    private var needs = ModelNeeds()

    /// Measures what `build` asks a builder for.
    public static func measure(_ settings: BuildSettings, _ build: (Builder) -> Void) -> ModelNeeds {
        let builder = Builder(settings, parameters: nil, weights: nil, shared: nil, team: nil)
        build(builder)
        builder.needs.byteCount = builder.workspace.byteCount
        builder.needs.states = builder.states.map { ($0.name, $0.matrix.columns) }
        return builder.needs
    }

    /// For making what was measured with the same settings.
    ///
    /// - Parameters:
    ///   - parameters: over the measured layout.
    ///   - weights: the same, packed.
    ///   - shared: the memory and the gradients of the node's ranks, where `settings.sharesMemory`.
    ///   - team: where `settings.division` is one; all its ranks make the same calls.
    public convenience init(
        making settings: BuildSettings, parameters: ParameterSet, weights: PackedWeights, shared: SharedGradients? = nil,
        team: StepTeam? = nil
    ) {
        precondition(settings.sharesMemory == (shared != nil), "memory that is shared, or is not")
        precondition(settings.division == team?.division, "a team with another division")
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

    public var capacity: WindowCapacity { settings.capacity }

    // MARK: Parameters

    /// Who computes the gradient of a parameter.
    public enum GradientRole {
        /// Each rank, for the few rows that its step uses; the first parameter alone.
        case sparse
        /// Each rank, for its shards.
        case rank
        /// The ranks of a node together, where they share gradients at all; such parameters follow each other.
        case node
    }

    /// A parameter: a vector `[n]` or a matrix `[rows, columns]`, behind those asked for before.
    public func parameter(
        _ name: String, _ shape: [Int], start: ParameterStart = .zero, _ role: GradientRole = .node
    ) -> Parameter {
        needs.parameters.append(name, shape: shape, start: start)
        let entry = needs.parameters.entries[needs.parameters.entries.count - 1]
        switch role {
        case .sparse: needs.sparseCount = entry.count
        case .node where settings.sharing != .none: divide(entry.elements)
        case .node, .rank: break
        }
        if let parameters { return parameters.parameter(name) }
        let rows = shape.count > 1 ? shape[0] : 1
        return Parameter(
            name: name, rows: rows, columns: entry.count / rows,
            value: UnsafeMutableRawPointer.untouchable.assumingMemoryBound(to: Float.self), gradients: .init(start: nil, count: 0)
        )
    }

    private func divide(_ elements: Range<Int>) {
        let before = needs.dividedElements
        precondition(before.isEmpty || before.upperBound == elements.lowerBound, "gradients of a node with others between them")
        needs.dividedElements = (before.isEmpty ? elements.lowerBound : before.lowerBound)..<elements.upperBound
    }

    /// `weight`, or some of its rows, as what gradients of products are computed for (`GradientRows.weightGradient`). With `role` `.node` the ranks
    /// share the product's left side.
    public func gradient(of weight: Parameter, rows: Range<Int>? = nil, _ role: GradientRole = .node) -> Parameter {
        needs.widestInput = max(needs.widestInput, weight.columns)
        var result = rows.map { weight.slice(rows: $0, workspace: workspace) } ?? weight
        if role == .node { result.sharedPlace = share(.panels(columns: weight.columns)) }
        return result
    }

    /// A parameter `[columns]`, such as what a state begins with, whose gradient has a row for each stream.
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

    /// The same for the backward pass; nil for a model that has none.
    public func packedBackward(_ weight: Parameter, rows: Range<Int>? = nil) -> PackedMatrix? {
        capacity.training ? packed(weight, rows: rows, .backward) : nil
    }

    // MARK: Activations

    /// A spread matrix with a row for each of a window, for the `dY` of weight gradients: in the node's memory, where ranks share it.
    public func gradientRows(columns: Int) -> MatrixView {
        shared(.matrix(columns: columns), columns: columns, stride: SharedRows.stride(columns))
            ?? workspace.spreadMatrix(rows: capacity.rows, columns: columns)
    }

    /// The same without gaps, for rows of tokens that are merged.
    public func mergedRows(columns: Int) -> MatrixView {
        shared(.plainMatrix(columns: columns), columns: columns, stride: columns)
            ?? workspace.matrix(rows: capacity.rows, columns: columns)
    }

    /// Groups of columns for the `dY` of a weight gradient; nil where ranks do not share memory.
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

    /// A place that all ranks of the node write to; nil where they do not share memory, and while measuring.
    private func share(_ part: SharedRows.Part) -> UnsafeMutablePointer<Float>? {
        needs.sharedParts.append(part)
        return shared?.place(part)
    }

    // MARK: States and teams

    /// A state `[B, columns]` that is carried from window to window and kept in checkpoints as `name`.
    public func state(_ name: String, _ matrix: MatrixView) { states.append((name, matrix)) }

    /// Says that a team may divide `units` units, and shares so many floats for each stream meanwhile; layers use them in turn.
    public func dividesUnits(_ units: Int, floatsPerStream: Int) {
        let most = UnitDivision.mostMembers(hiddenSize: units)
        needs.team = TeamNeeds(
            floatsPerStream: max(floatsPerStream, needs.team?.floatsPerStream ?? 0),
            mostMembers: min(most, needs.team?.mostMembers ?? most))
    }
}
