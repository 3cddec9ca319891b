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
    /// Whether the output of the lowest layer is also combined with the embedding, whose size may differ. Otherwise `input` and
    /// `layer` have equal columns. Default: false.
    static var joinsEmbedding: Bool { get }

    /// Columns of `output` for those of `input` and `layer`. Default: those of the layer.
    static func outputSize(input: Int, layer: Int) -> Int

    /// - Parameters:
    ///   - number: the number of the layer, for the names of parameters.
    ///   - input: what the layer reads, before dropout.
    ///   - layer: the layer's output, `[T*B, H]`.
    init(number: Int, input: Edge, layer: MatrixView, _ builder: Builder)

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

extension Connection {
    public static var joinsEmbedding: Bool { false }
    public static func outputSize(input: Int, layer: Int) -> Int { layer }
}

/// The connections of `--connections`.
public enum Connections: KindRegistry {
    /// All connections. To add a connection, add a file to this folder and a line here.
    static let all: [any Connection.Type] = [
        StackedConnection.self,
        ResidualConnection.self,
        HighwayConnection.self,
        DenseConnection.self,
    ]

    public static let key: ConfigurationKey = "connections"
    public static var kinds: [any Kind.Type] { all }

    /// A connection of the kind named `name`.
    public static func connection(
        _ name: ConnectionKind, number: Int, input: Edge, layer: MatrixView, _ builder: Builder
    ) -> any Connection {
        kind(name).init(number: number, input: input, layer: layer, builder)
    }

    /// Columns of the output of a connection.
    public static func outputSize(_ name: ConnectionKind, input: Int, layer: Int) -> Int {
        kind(name).outputSize(input: input, layer: layer)
    }

    fileprivate static func kind(_ name: ConnectionKind) -> any Connection.Type {
        name.selected(in: all) { $0.name }
    }
}

/// The name of a connection.
public typealias ConnectionKind = KindName<Connections>

extension KindName where Registry == Connections {
    /// Each layer passes on its own output, the default.
    public static var stacked: ConnectionKind { ConnectionKind(StackedConnection.self) }

    /// Whether the connection also combines the lowest layer with the embedding.
    public var joinsEmbedding: Bool { Connections.kind(self).joinsEmbedding }
}
