public import Kinds
public import Tensors

/// The recurrent cells of `--cell`.
public enum Cells: KindRegistry {
    /// All cells. To add a cell, add a file to this folder and a line here.
    static let all: [any Cell.Type] = [
        AdditiveCell.self,
        ElmanCell.self,
        ElmanPreCell.self,
        GRUCell.self,
        LeakyCell.self,
        LSTMCell.self,
        MinGRUCell.self,
        MinLSTMCell.self,
        RGLRUCell.self,
        SLSTMCell.self,
        UpdateGateCell.self,
    ]

    public static let key: ConfigurationKey = "cell"
    /// The names of the cells with a forget gate, to whose bias `--forget-bias` is added.
    public static var namesWithForgetGate: [String] { all.filter { $0.forgetGate != nil }.map { $0.name } }
    public static var kinds: [any Kind.Type] { all }

    /// A layer of the cell named `name`.
    public static func layer(_ name: CellKind, _ shape: RecurrentShape, _ builder: Builder) -> any RecurrentLayer {
        guard let cell = all.first(where: { $0.name == name.rawValue }) else {
            preconditionFailure("\(name.rawValue) is a cell's name, but not in the list of cells")
        }
        return cell.layer(shape, builder)
    }
}

public typealias CellKind = KindName<Cells>

extension KindName where Registry == Cells {
    public static var elman: CellKind { CellKind(ElmanCell.self) }
    public static var gru: CellKind { CellKind(GRUCell.self) }
    public static var lstm: CellKind { CellKind(LSTMCell.self) }
}

/// The settings of the cells. Each cell's file declares its own.
public enum CellSettings {}
