import Tensors
import TestSupport

/// Sizes at and around the tile sizes of the kernels.
let oddSizes = [1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 65]

/// The relative error of one rounding.
let unitRoundoff = 0x1p-24

extension MatrixView {
    subscript(row: Int, column: Int) -> Float {
        get { pointer[row * rowStride + column] }
        nonmutating set { pointer[row * rowStride + column] = newValue }
    }

    /// The elements row by row, without padding.
    var values: [Float] { (0..<rows).flatMap { r in (0..<columns).map { self[r, $0] } } }

    func fill(_ values: [Float]) {
        for r in 0..<rows {
            for c in 0..<columns { self[r, c] = values[r * columns + c] }
        }
    }

    /// Whether the padding between the rows is unchanged since `Workspace.withGaps`.
    var gapsAreIntact: Bool {
        (0..<rows).allSatisfy { r in (columns..<rowStride).allSatisfy { self[r, $0].bitPattern == gapPattern } }
    }
}

/// A NaN: reading the padding spoils the result, and writing it is detected.
private let gapPattern: UInt32 = 0x7fc0_0bad

extension Workspace {
    /// A matrix with `gap` floats of padding after each row, initially all NaN.
    func withGaps(rows: Int, columns: Int, gap: Int) -> MatrixView {
        let pointer = allocate(Float.self, count: rows * (columns + gap))
        pointer.update(repeating: Float(bitPattern: gapPattern), count: rows * (columns + gap))
        return MatrixView(pointer, rows: rows, columns: columns, rowStride: columns + gap)
    }

    /// The same matrix, filled with random numbers from a seed.
    func random(rows: Int, columns: Int, gap: Int, from random: inout SeededRandom) -> MatrixView {
        let matrix = withGaps(rows: rows, columns: columns, gap: gap)
        matrix.fill(random.floats(rows * columns))
        return matrix
    }
}

/// The number of elements of two lists that differ in any bit; also counts a difference in length.
func differingBits(_ a: some Collection<Float>, _ b: some Collection<Float>) -> Int {
    abs(a.count - b.count) + zip(a, b).count { $0.bitPattern != $1.bitPattern }
}
