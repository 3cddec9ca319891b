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

    /// Multiplies the partial gradients by the mask of `key`, in the rows of a share of a matrix. `share`: by the matrix's first element.
    public func maskGradients(_ key: Dropout.Key, share: (Int) -> (index: Int, of: Int)) {
        for (place, matrix) in matrices.enumerated() {
            let (index, count) = share(matrix.firstElement)
            let (all, columns) = (matrix.parameter.rows, matrix.parameter.columns)
            let rows = (index * all / count)..<((index + 1) * all / count)
            for gradient in matrix.parameter.gradients {
                let values = gradient! + rows.lowerBound * columns
                apply(key, place, rows: rows, columns, values, into: values)
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
