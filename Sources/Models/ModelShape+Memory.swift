public import Layers
internal import Tensors

extension ModelShape {
    /// Bytes of the activations, caches and scratch of a `LanguageModel` of this shape, without making one: exact but for what
    /// single buffers are rounded up by.
    ///
    /// Each line is a buffer, or some of one size, of the class that it is named after.
    public func activationByteCount(capacity: WindowCapacity, dropping: Bool, division: UnitDivision? = nil) -> Int {
        let rows = capacity.rows
        let embedding = rows * embeddingSize
        let distinct = 2 * rows + vocabularySize + rows * Workspace.spreadStride(columns: cell.gateCount * hiddenSize)
        let tokens = distinct + (capacity.training ? 3 * rows + 2 * vocabularySize : 0)
        let recurrent = (0..<layers).reduce(0) { total, _ in total + recurrentCount(capacity, division) }
        let dropped = dropping ? rows * ((0..<layers).reduce(hiddenSize) { $0 + inputSize(ofLayer: $1) }) : 0
        let gradients = capacity.training ? rows * (layers * hiddenSize + embeddingSize) : 0
        let output = SoftmaxRows.byteCount(
            maximumRows: rows, columns: vocabularySize, mostKeptBytes: capacity.training ? capacity.mostLogitBytes : 0)
        let ofTeam = division.map { capacity.training ? teamTokenCount(steps: capacity.steps, $0) : 0 } ?? 0
        return (embedding + tokens + ofTeam + recurrent + dropped + gradients) * MemoryLayout<Float>.size + output
    }

    /// Floats of `TeamTokens`.
    private func teamTokenCount(steps: Int, _ division: UnitDivision) -> Int {
        let rows = steps * division.streams
        let gates = Workspace.spreadStride(columns: cell.gateCount * division.units(of: hiddenSize).count)
        return rows * (embeddingSize + 2 + gates) + vocabularySize
    }

    /// Floats of one recurrent layer.
    private func recurrentCount(_ capacity: WindowCapacity, _ division: UnitDivision?) -> Int {
        let rows = capacity.rows
        let divided = division.map { dividedCount(capacity, $0) } ?? 0
        let carried = capacity.training ? capacity.streams : 0
        let gates = rows * Workspace.spreadStride(columns: cell.gateCount * hiddenSize)
        // States, what is carried backward, and the sum of the biases; then what the cell adds.
        let common = divided + gates + (cell.gateCount + rows + capacity.streams) * hiddenSize
        if division != nil { return common + (cell == .lstm ? 2 * capacity.streams * hiddenSize : 0) }
        let alone = common + carried * hiddenSize
        return switch (cell, gruReset) {
        case (.elman, _): alone
        case (.lstm, _): alone + (2 * rows + capacity.streams + carried) * hiddenSize
        case (.gru, .after): alone + gates
        case (.gru, .before): alone + (rows + carried) * hiddenSize
        }
    }

    /// Floats that a layer in a team has for its units besides.
    private func dividedCount(_ capacity: WindowCapacity, _ division: UnitDivision) -> Int {
        let units = division.units(of: hiddenSize).count
        let rows = capacity.steps * division.streams
        let carried = capacity.training ? division.streams : 0
        let gates = rows * Workspace.spreadStride(columns: cell.gateCount * units)
        let common = gates + (rows + division.streams + carried) * units
        return switch cell {
        case .elman: common
        case .lstm: common + (2 * rows + division.streams + carried) * units
        case .gru: common + gates
        }
    }
}
