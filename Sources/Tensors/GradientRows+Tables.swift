internal import CKernels

/// Gradients of tables of which each row of a window uses several rows.
extension GradientRows {
    /// Sorts the rows of a table that each row of a window uses: `ids` `[steps*streams, perRow]`, -1 for none.
    public func sort(_ ids: UnsafePointer<Int32>, perRow: Int, steps: Int, into occurrences: TokenOccurrences) {
        occurrences.begin(values: nil, vocabularySize: nil)
        occurrences.count(ids, rows: steps * streams * perRow)
        for leaf in 0..<leafCount {
            forEachRow(of: leaf, steps: steps) { row in
                for id in (row * perRow)..<((row + 1) * perRow) where ids[id] >= 0 {
                    occurrences.place(row: row, token: Int(ids[id]), leaf: leaf)
                }
            }
        }
    }

    /// The gradient of some columns of a table, for this rank's shards only: for each row of the table that occurs, the sum of the rows of
    /// `dY` that use it, overwritten. Other rows and columns stay unchanged. Shape: `dY` `[steps*streams, columns.count]`.
    public func tableGradient(
        _ table: Parameter, columns: Range<Int>, steps: Int, dY: MatrixView, occurrences: TokenOccurrences
    ) {
        precondition(dY.columns == columns.count, "\(dY.columns) columns for \(columns) of \(table.name)")
        occurrences.values = dY
        var rows = rows(steps)
        var occurrences = occurrences.table
        withUnsafeTemporaryAllocation(of: UnsafeMutablePointer<Float>?.self, capacity: table.gradients.count) { outputs in
            for (index, gradient) in table.gradients.enumerated() { outputs[index] = gradient! + columns.lowerBound }
            ck_embedding_gradient(table.rows, columns.count, &rows, &occurrences, outputs.baseAddress, table.columns)
        }
    }
}
