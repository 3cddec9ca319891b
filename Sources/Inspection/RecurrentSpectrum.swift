import Models
import Tensors

/// The spectrum of the recurrent matrix of one gate.
package struct RecurrentSpectrum: Sendable {
    /// The letter of the gate; `h` for a cell without gates, and the block's number if the gates have no letters.
    package let gate: String
    /// By descending magnitude.
    package let eigenvalues: [ComplexNumber]
    /// The largest singular value: the largest factor by which the matrix stretches a vector.
    package let largestSingularValue: Double

    /// The largest magnitude of an eigenvalue.
    package var spectralRadius: Double { eigenvalues.first?.magnitude ?? 0 }

    /// The spectra of a layer's gates: of each square block of `rnn.weight_hh_l{k}`. Empty for a layer without such a matrix, with one whose blocks
    /// are not square, and if the way from h to the next h leads through another matrix: of a deep transition, or of a Jordan layer's output.
    package static func ofLayer(
        _ layer: Int, gates: [String], in model: InspectedModel, with lapack: LAPACK
    ) -> [RecurrentSpectrum] {
        guard let entry = model.layout.entry(named: "rnn.weight_hh_l\(layer)"), entry.shape.count == 2,
            entry.shape[0] % entry.shape[1] == 0, entry.shape[0] == model.shape.hiddenSize * (entry.shape[0] / entry.shape[1])
        else { return [] }
        guard ["weight_mlp", "weight_ho"].allSatisfy({ model.layout.entry(named: "rnn.\($0)_l\(layer)") == nil }) else {
            return []
        }
        let size = entry.shape[1]
        let gateCount = entry.shape[0] / size
        return (0..<gateCount).compactMap { gate in
            let start = model.values + entry.offset + gate * size * size
            let matrix = (0..<(size * size)).map { Double(start[$0]) }
            let name = gates.indices.contains(gate) ? gates[gate] : gateCount == 1 ? "h" : "\(gate)"
            return lapack.eigenvalues(of: matrix, count: size).map {
                RecurrentSpectrum(
                    gate: name, eigenvalues: $0, largestSingularValue: largestSingularValue(matrix, size, with: lapack))
            }
        }
    }

    /// The square root of the largest eigenvalue of `W^T W`.
    private static func largestSingularValue(_ matrix: [Double], _ size: Int, with lapack: LAPACK) -> Double {
        var product = [Double](repeating: 0, count: size * size)
        for k in 0..<size {
            for i in 0..<size {
                let factor = matrix[k * size + i]
                for j in 0..<size { product[i * size + j] += factor * matrix[k * size + j] }
            }
        }
        return lapack.eigenvalues(of: product, count: size)?.first.map { max($0.real, 0).squareRoot() } ?? .nan
    }
}
