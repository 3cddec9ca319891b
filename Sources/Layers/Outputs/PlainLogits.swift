import Tensors

/// Room for logits outside training, allocated when it is needed: one row for one row, as in the validation of a classifier, else all rows of a
/// window.
struct PlainLogits {
    private let workspace: Workspace
    private let rowCount: Int
    private let columns: Int
    private var room: MatrixView?

    init(_ workspace: Workspace, _ capacity: WindowCapacity, columns: Int) {
        (self.workspace, self.columns) = (workspace, columns)
        rowCount = capacity.rows
    }

    /// The first `rows` rows.
    mutating func prefix(rows: Int) -> MatrixView {
        if let room, room.rows >= rows { return room.prefix(rows: rows) }
        let made = workspace.matrix(rows: rows == 1 ? 1 : rowCount, columns: columns)
        room = made
        return made.prefix(rows: rows)
    }
}
