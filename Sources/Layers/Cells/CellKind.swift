public import Tensors

/// A kind of recurrent cell, by its name in configurations and checkpoints.
public struct CellKind: RawRepresentable, Hashable, Sendable, Codable, CaseIterable {
    public let rawValue: String

    /// The kind of that name; nil where there is none.
    public init?(rawValue: String) {
        guard registry.contains(where: { $0.name == rawValue }) else { return nil }
        self.rawValue = rawValue
    }

    fileprivate init(known name: String) { rawValue = name }

    public static var allCases: [CellKind] { registry.map { CellKind(known: $0.name) } }

    public static let elman = CellKind(known: "elman")
    public static let gru = CellKind(known: "gru")
    public static let lstm = CellKind(known: "lstm")

    /// A layer of such cells.
    public func makeLayer(_ shape: RecurrentShape, _ builder: Builder) -> any RecurrentLayer {
        guard let entry = registry.first(where: { $0.name == rawValue }) else { preconditionFailure("no cell \(rawValue)") }
        return entry.make(shape, builder)
    }
}

/// The cells there are, a line for each.
private let registry: [RegisteredCell] = [
    RegisteredCell("elman", ElmanCell.self),
    RegisteredCell("gru") { shape, builder in
        switch shape.options.gruReset {
        case .after: Recurrence<GRUCell>(shape, builder)
        case .before: Recurrence<ResetBeforeGRUCell>(shape, builder)
        }
    },
    RegisteredCell("lstm", LSTMCell.self),
]

private struct RegisteredCell: Sendable {
    let name: String
    let make: @Sendable (RecurrentShape, Builder) -> any RecurrentLayer

    init(_ name: String, make: @escaping @Sendable (RecurrentShape, Builder) -> any RecurrentLayer) {
        self.name = name
        self.make = make
    }

    /// Inlined, so that the layer's code is compiled for this cell.
    @inline(__always) init<C: Cell>(_ name: String, _ cell: C.Type) {
        self.init(name) { Recurrence<C>($0, $1) }
    }
}
