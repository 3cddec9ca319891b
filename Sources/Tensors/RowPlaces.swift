/// Which rows of a weight the columns of its `dY` belong to: all in their order, or those of some units in each block of rows, as a gate's.
public struct RowPlaces: Sendable {
    /// Columns side by side that belong to rows one below another.
    struct Part {
        let columns: Range<Int>
        let firstRow: Int
    }

    /// None where there are no units.
    let parts: [Part]

    /// `units` of each of `blockCount` blocks of `blockRows` rows.
    public init(units: Range<Int>, blockRows: Int, blockCount: Int) {
        precondition(units.upperBound <= blockRows, "units \(units) of \(blockRows)")
        if units.isEmpty {
            parts = []
        } else if units.count == blockRows {
            parts = [Part(columns: 0..<(blockCount * blockRows), firstRow: 0)]
        } else {
            parts = (0..<blockCount).map {
                Part(columns: ($0 * units.count)..<(($0 + 1) * units.count), firstRow: $0 * blockRows + units.lowerBound)
            }
        }
    }

    /// All rows.
    public static func all(_ rowCount: Int) -> RowPlaces { RowPlaces(units: 0..<rowCount, blockRows: rowCount, blockCount: 1) }

    /// Columns of a `dY` in all.
    var columnCount: Int { parts.last?.columns.upperBound ?? 0 }
    /// Behind the last row.
    var end: Int { parts.last.map { $0.firstRow + $0.columns.count } ?? 0 }
}
