public import Layers
public import Tensors

extension ModelShape {
    /// Bytes of the activations, caches and scratch of a `LanguageModel` of this shape, without making one: exact but for what
    /// single buffers are rounded up by. What `sharing` puts into the memory of all ranks is not counted.
    ///
    /// Each line is a buffer, or some of one size, of the class that it is named after.
    public func activationByteCount(
        capacity: WindowCapacity, precision: Precision, dropping: Bool, sharing: GradientSharing = .none,
        division: UnitDivision? = nil
    ) -> Int {
        let rows = capacity.rows
        let gates = sharing == .none ? rows * Workspace.spreadStride(columns: cell.gateCount * hiddenSize) : 0
        let embedding = sharing == .none ? rows * embeddingSize : 0
        let distinct = 2 * rows + vocabularySize + gates
        let tokens = distinct + (capacity.training ? 3 * rows + 2 * vocabularySize : 0)
        let recurrent = (0..<layers).reduce(0) { total, _ in total + recurrentCount(capacity, gates: gates, division) }
        let dropped = dropping ? rows * ((0..<layers).reduce(hiddenSize) { $0 + inputSize(ofLayer: $1) }) : 0
        let gradients = capacity.training ? rows * (layers * hiddenSize + embeddingSize) : 0
        let output = SoftmaxRows.byteCount(
            maximumRows: rows, columns: vocabularySize, mostKeptBytes: capacity.training ? capacity.mostLogitBytes : 0,
            shares: sharing == .all)
        let left = PackedMatrix.leftCount(rows: rows, inner: hiddenSize, precision)
        return (embedding + tokens + recurrent + dropped + gradients + left) * MemoryLayout<Float>.size + output
    }

    /// Floats of one recurrent layer, with so many for one of its matrices of gates.
    private func recurrentCount(_ capacity: WindowCapacity, gates: Int, _ division: UnitDivision?) -> Int {
        let rows = capacity.rows
        let divided = division.map { dividedCount(capacity, $0) } ?? 0
        let carried = capacity.training ? capacity.streams : 0
        // States, what is carried backward, and the sum of the biases; then what the cell adds.
        let common = divided + gates + (cell.gateCount + rows + capacity.streams + carried) * hiddenSize
        return switch (cell, gruReset) {
        case (.elman, _): common
        case (.lstm, _) where division != nil: common + (2 * capacity.streams + carried) * hiddenSize
        case (.lstm, _): common + (2 * rows + capacity.streams + carried) * hiddenSize
        case (.gru, .after): common + gates
        case (.gru, .before): common + (rows + carried) * hiddenSize
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
