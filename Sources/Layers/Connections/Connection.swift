public import Kinds
public import Tensors

/// The output of one part of a model, which the parts above read, and its gradient: a row for each row of the longest window.
public struct Edge {
    /// `[T*B, n]`
    public let value: MatrixView
    /// `[T*B, n]`; no rows in a model without a backward pass.
    public let gradient: MatrixView

    public init(value: MatrixView, gradient: MatrixView) {
        self.value = value
        self.gradient = gradient
    }

    /// Allocates the gradient.
    public init(value: MatrixView, _ builder: Builder) {
        self.value = value
        gradient = builder.workspace.matrix(rows: builder.capacity.training ? builder.capacity.rows : 0, columns: value.columns)
    }
}

/// How the output of a recurrent layer and the layer's input are combined into what the layers above read.
///
/// If several parts read an edge, the gradient of the first (the recurrent layer) overwrites, and the connection's gradient is
/// added. The order of this fan-out is fixed.
public protocol Connection: Kind, AnyObject {
    /// - Parameters:
    ///   - input: what the layer reads, before dropout.
    ///   - layer: the layer's output, `[T*B, H]`; it has as many columns as `input`.
    init(input: Edge, layer: MatrixView, _ builder: Builder)

    /// What the layers above read.
    var output: Edge { get }
    /// The gradient of the layer's output, after `backward`.
    var layerGradient: MatrixView { get }

    /// Computes the window's rows of `output`. Call it after the layer's forward pass.
    func forward(_ window: Window)

    /// Computes the gradients of the layer's output and of the connection's own parameters from the gradient of `output`.
    func backward(_ window: Window, rows: GradientRows)

    /// Adds to the gradient of the layer's input the part that bypasses the layer. Call it after the layer's backward pass.
    func addInputGradient(_ window: Window)
}

/// The connections of `--connections`.
public enum Connections: KindRegistry {
    /// All connections. To add a connection, add a file to this folder and a line here.
    static let all: [any Connection.Type] = [
        StackedConnection.self,
        ResidualConnection.self,
    ]

    public static let key: ConfigurationKey = "connections"
    public static var kinds: [any Kind.Type] { all }

    /// A connection of the kind named `name`.
    public static func connection(
        _ name: ConnectionKind, input: Edge, layer: MatrixView, _ builder: Builder
    ) -> any Connection {
        guard let connection = all.first(where: { $0.name == name.rawValue }) else {
            preconditionFailure("\(name.rawValue) is a connection's name, but not in the list of connections")
        }
        return connection.init(input: input, layer: layer, builder)
    }
}

public typealias ConnectionKind = KindName<Connections>

extension KindName where Registry == Connections {
    public static var stacked: ConnectionKind { ConnectionKind(StackedConnection.self) }
}
