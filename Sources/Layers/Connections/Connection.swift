public import Kinds
public import Tensors

/// What one part of a model hands to those above, with the gradient that comes back: a row for each of the longest window.
public struct Edge {
    /// `[T*B, n]`
    public let value: MatrixView
    /// The same; no rows in a model without a backward pass.
    public let gradient: MatrixView

    public init(value: MatrixView, gradient: MatrixView) {
        self.value = value
        self.gradient = gradient
    }

    /// With a gradient of its own.
    public init(value: MatrixView, _ builder: Builder) {
        self.value = value
        gradient = builder.workspace.matrix(rows: builder.capacity.training ? builder.capacity.rows : 0, columns: value.columns)
    }
}

/// How the output of a recurrent layer is joined with the layer's input to what the layers above read.
///
/// Where several parts read an edge, the gradient of the first, which is the recurrent layer, overwrites, and the connection's is added: fan-out
/// in a fixed order.
public protocol Connection: Kind, AnyObject {
    /// - Parameters:
    ///   - input: what the layer reads, before its dropout.
    ///   - layer: the layer's output, `[T*B, H]`; `input` has as many columns.
    init(input: Edge, layer: MatrixView, _ builder: Builder)

    /// What is read above.
    var output: Edge { get }
    /// The gradient of the layer's output, after `backward`.
    var layerGradient: MatrixView { get }

    /// Makes the window's rows of `output`, after the layer's.
    func forward(_ window: Window)

    /// From the gradient of `output` that of the layer's output, and those of parameters of its own.
    func backward(_ window: Window, rows: GradientRows)

    /// Adds to the gradient of the layer's input what does not pass through the layer, after the layer's backward pass.
    func addInputGradient(_ window: Window)
}

/// The connections among which `--connection` chooses.
public enum Connections: KindRegistry {
    /// Every connection: a new one is a file beside this one and a line here.
    static let all: [any Connection.Type] = [
        StackedConnection.self,
        ResidualConnection.self,
    ]

    public static let key: ConfigurationKey = "connection"
    public static var kinds: [any Kind.Type] { all }

    /// A connection of the kind with this name.
    public static func connection(
        _ name: ConnectionKind, input: Edge, layer: MatrixView, _ builder: Builder
    ) -> any Connection {
        guard let connection = all.first(where: { $0.name == name.rawValue }) else {
            preconditionFailure("\(name.rawValue) is no connection, and yet a name of one")
        }
        return connection.init(input: input, layer: layer, builder)
    }
}

public typealias ConnectionKind = KindName<Connections>

extension KindName where Registry == Connections {
    public static var stacked: ConnectionKind { ConnectionKind(StackedConnection.self) }
}
