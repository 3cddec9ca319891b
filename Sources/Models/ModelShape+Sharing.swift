internal import Layers
public import Tensors

/// Which gradients the ranks of a node make together. That of the embedding's table each rank makes for its tokens.
public enum GradientSharing: Sendable {
    case none
    /// Those of the recurrent layers.
    case recurrent
    /// Those of the output as well.
    case all
}

extension ModelShape {
    /// What ranks should share that work on one node: `rankCount` of them with `streams` streams, in windows of `steps`.
    ///
    /// The output's weight where the gradients of all logits, which have to be written then, take less than the weight's gradients that
    /// are not, and fit into a cache. A weight's gradient is written, which reads it first, and read to be added: three times its size,
    /// for all ranks but one; those of logits are written and read again.
    public func gradientSharing(steps: Int, streams: Int, rankCount: Int) -> GradientSharing {
        if rankCount == 1 { return .none }
        let rows = steps * streams
        let fits = rows * vocabularySize * MemoryLayout<Float>.size <= WindowCapacity.cacheBytes
        return !tieWeights && fits && 3 * (rankCount - 1) * hiddenSize > 2 * rows ? .all : .recurrent
    }

    /// Elements of the arena whose gradients are shared.
    public func sharedElements(_ sharing: GradientSharing) -> Range<Int> {
        let layout = parameterLayout
        let first = layout.entries[1].offset
        switch sharing {
        case .none: return first..<first
        case .recurrent: return first..<layout.entries.first { $0.name.hasPrefix("decoder.") }!.offset
        case .all: return first..<layout.elementCount
        }
    }

    /// Places in `rows` what a node's ranks share of their windows in training.
    public func placeShared(in rows: inout SharedRows, _ sharing: GradientSharing) {
        rows.mergedSegments()
        rows.plainMatrix(columns: embeddingSize)  // Embedding
        rows.matrix(columns: cell.gateCount * hiddenSize)  // LanguageModel's gates by token
        for k in 0..<layers {
            let gateMatrices = cell == .gru && gruReset == .after ? 2 : 1
            for _ in 0..<gateMatrices { rows.matrix(columns: cell.gateCount * hiddenSize) }
            rows.panels(columns: inputSize(ofLayer: k))
            let recurrentSides = cell == .gru && gruReset == .before ? 2 : 1
            for _ in 0..<recurrentSides { rows.panels(columns: hiddenSize) }
            for _ in learnedStateNames(ofLayer: k) { rows.states(columns: hiddenSize) }
        }
        guard sharing == .all else { return }
        let groupCount = (vocabularySize + SoftmaxRows.groupWidth - 1) / SoftmaxRows.groupWidth
        rows.groups(groupCount, width: SoftmaxRows.groupWidth)
        rows.panels(columns: hiddenSize)
    }
}
