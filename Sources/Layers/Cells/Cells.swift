public import Kinds
public import Tensors

/// The recurrent cells of `--cell`.
public enum Cells: KindRegistry {
    /// All cells. To add a cell, add a file to this folder and a line here.
    static let all: [any Cell.Type] = [
        AdditiveCell.self,
        AverageCell.self,
        ConcatenationCell.self,
        ElmanCell.self,
        ElmanPreCell.self,
        ElmanJordanCell.self,
        FeedForwardCell.self,
        GRUCell.self,
        JordanCell.self,
        JordanLanguageModelCell.self,
        LeakyCell.self,
        LSTMCell.self,
        MinGRUCell.self,
        MinLSTMCell.self,
        MogrifierCell.self,
        RGLRUCell.self,
        SLSTMCell.self,
        UpdateGateCell.self,
    ]

    public static let key: ConfigurationKey = "cell"
    /// The names of the cells with a forget gate, to whose bias `--forget-bias` is added.
    public static var namesWithForgetGate: [String] { all.filter { $0.forgetGate != nil }.map { $0.name } }
    /// The names of the cells with recurrent weights, which weight dropout drops.
    public static var namesWithRecurrentWeights: [String] { all.filter { $0.hasRecurrentWeights }.map { $0.name } }
    /// The names of the cells whose initial state may be learned.
    public static var namesWithLearnedState: [String] { all.filter { $0.learnsFirstState }.map { $0.name } }
    public static var kinds: [any Kind.Type] { all }

    /// Whether the output of a layer is the distribution over the classes: see ``Cell``.
    public static func predictsClasses(_ name: CellKind) -> Bool { cell(name).predictsClasses }

    /// Columns of the output of a layer with `units` units.
    public static func outputSize(_ name: CellKind, units: Int, _ settings: Settings) -> Int {
        cell(name).outputSize(units: units, settings)
    }

    /// A layer of the cell named `name`.
    public static func layer(_ name: CellKind, _ shape: RecurrentShape, _ builder: Builder) -> any RecurrentLayer {
        cell(name).layer(shape, builder)
    }

    private static func cell(_ name: CellKind) -> any Cell.Type {
        name.selected(in: all) { $0.name }
    }
}

/// The name of a cell.
public typealias CellKind = KindName<Cells>

extension KindName where Registry == Cells {
    /// The Elman cell.
    public static var elman: CellKind { CellKind(ElmanCell.self) }
    public static var gru: CellKind { CellKind(GRUCell.self) }
    public static var lstm: CellKind { CellKind(LSTMCell.self) }
}

/// The settings of the cells. Each cell's file declares its own.
public enum CellSettings {}
