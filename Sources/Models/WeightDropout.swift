public import Tensors

/// Weight dropout: in a step, each recurrent weight is dropped with a probability, and the others are divided by 1 minus it. The mask is the same at
/// all time steps and for all streams of all ranks; it depends on (seed, step, layer, row, column).
///
/// The masked weights are those that products read, `PackedWeights`; parameters stay as they are. Masked are `rnn.weight_hh_l<k>`.
/// Source: DropConnect (Wan et al. 2013) as in Merity, Keskar & Socher 2018, section 2. Cost: two passes over the recurrent weights a step.
public final class WeightDropout {
    private let dropout: Dropout
    private let matrices: [(parameter: Parameter, firstElement: Int)]
    private let scratch: UnsafeMutablePointer<Float>  // [chunkRows, columns]
    private let workspace = Workspace()

    /// The rows that are packed together: a panel.
    private static let chunkRows = PackedMatrix.panelWidth
    /// Masks of layers differ from those of activations, which have small numbers.
    private static let firstPlace = 1 << 20

    /// For the recurrent weights among `parameters`; nil if `probability` is 0.
    public init?(probability: Float, layers: Int, _ parameters: ParameterSet) {
        guard probability > 0 else { return nil }
        dropout = Dropout(probability: probability)
        matrices = (0..<layers).compactMap { k in
            parameters.layout.entry(named: "rnn.weight_hh_l\(k)").map { (parameters.parameter($0.name), $0.offset) }
        }
        scratch = workspace.allocate(Float.self, count: Self.chunkRows * (matrices.map(\.parameter.columns).max() ?? 0))
    }

    /// Packs the weights with the mask of `key`, or without a mask if it is nil: of all chunks of rows every `share.of`th, from `share.index` on.
    public func pack(_ key: Dropout.Key?, into weights: PackedWeights, share: (index: Int, of: Int)) {
        for (place, matrix) in matrices.enumerated() {
            let (rows, columns) = (matrix.parameter.rows, matrix.parameter.columns)
            for first in stride(from: share.index * Self.chunkRows, to: rows, by: share.of * Self.chunkRows) {
                let chunk = first..<min(first + Self.chunkRows, rows)
                let values = matrix.parameter.value + first * columns
                if let key { apply(key, place, rows: chunk, columns, values, into: scratch) }
                let start = matrix.firstElement + first * columns
                weights.pack(start..<(start + chunk.count * columns), from: key == nil ? values : scratch)
            }
        }
    }

    /// The elements of the arena that have masks.
    public var elements: [Range<Int>] {
        matrices.map { $0.firstElement..<($0.firstElement + $0.parameter.rows * $0.parameter.columns) }
    }

    /// Multiplies the gradients of `elements` of the arena, all of one matrix, by the mask of `key`. Shape: `gradient` `[elements.count]`.
    ///
    /// The factor of a kept weight must be applied to the sum over all shards, because a product of a rounded sum is not the sum of rounded products.
    public func maskGradient(_ key: Dropout.Key, elements: Range<Int>, _ gradient: UnsafeMutablePointer<Float>) {
        guard let place = matrices.lastIndex(where: { $0.firstElement <= elements.lowerBound }) else { return }
        let columns = matrices[place].parameter.columns
        let (first, end) = (
            elements.lowerBound - matrices[place].firstElement, elements.upperBound - matrices[place].firstElement
        )
        for row in (first / columns)..<((end - 1) / columns + 1) {
            let part = max(row * columns, first)..<min((row + 1) * columns, end)
            let values = gradient + part.lowerBound - first
            // A mask is made for a whole row.
            scratch.update(repeating: 1, count: columns)
            apply(key, place, rows: row..<(row + 1), columns, scratch, into: scratch)
            for (i, factor) in zip(part, (part.lowerBound - row * columns)..<columns) {
                values[i - part.lowerBound] *= scratch[factor]
            }
        }
    }

    private func apply(
        _ key: Dropout.Key, _ place: Int, rows: Range<Int>, _ columns: Int, _ x: UnsafePointer<Float>,
        into y: UnsafeMutablePointer<Float>
    ) {
        let own = Dropout.Key(seed: key.seed, step: key.step, firstStream: rows.lowerBound)
        dropout.apply(steps: 1, streams: rows.count, columns: columns, layer: Self.firstPlace + place, key: own, x: x, y: y)
    }
}
