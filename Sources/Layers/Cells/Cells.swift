public import Kinds
public import Tensors

/// The recurrent cells among which `--cell` chooses.
public enum Cells: KindRegistry {
    /// Every cell: a new one is a file beside this one and a line here.
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
    public static var kinds: [any Kind.Type] { all }

    /// A layer of the cells with this name.
    public static func layer(_ name: CellKind, _ shape: RecurrentShape, _ builder: Builder) -> any RecurrentLayer {
        guard let cell = all.first(where: { $0.name == name.rawValue }) else {
            preconditionFailure("\(name.rawValue) is no cell, and yet a name of one")
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

/// The settings that cells declare, each in the file of its cell.
public enum CellSettings {}
