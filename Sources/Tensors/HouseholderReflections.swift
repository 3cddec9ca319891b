internal import CKernels

/// The QR factorisation of a square matrix by blocked Householder reflections (Schreiber & Van Loan 1989). The method is that of
/// LAPACK's `geqrf` and `orgqr`, but the bits do not depend on the processor.
///
/// The matrix `[n, n]` is stored column by column, so a column is contiguous. In this file, *row* means such a contiguous column.
/// A reflection `I - tau v v^T` therefore applies to rows from the right. A block of reflections is `I - V^T T V` with `V`
/// `[block, n]`, whose rows are the vectors v, and `T` `[block, block]`.
/// Cost: 8/3 n^3 floating-point operations, nearly all in matrix products.
struct HouseholderReflections {
    /// Reflections that are applied together: the width of a packed panel.
    private static let block = Int(CK_PANEL)

    private let n: Int
    private let matrix: UnsafeMutablePointer<Float>
    /// One for each reflection. [n]
    private var taus: [Float]
    /// The signs of R's diagonal. [n]
    private var signs: [Float]
    private var scratch: BlockScratch

    /// Replaces the matrix by the Q of its factorisation, with each column multiplied by the sign of R's diagonal element.
    static func factor(_ matrix: UnsafeMutablePointer<Float>, n: Int) {
        guard n > 0 else { return }
        var reflections = HouseholderReflections(matrix, n: n)
        let firsts = Array(stride(from: 0, to: n, by: block))
        for first in firsts { reflections.eliminate(first..<min(first + block, n)) }
        for first in firsts.reversed() { reflections.form(first..<min(first + block, n)) }
        reflections.multiplyBySigns()
    }

    private init(_ matrix: UnsafeMutablePointer<Float>, n: Int) {
        self.matrix = matrix
        self.n = n
        taus = [Float](repeating: 0, count: n)
        signs = [Float](repeating: 1, count: n)
        scratch = BlockScratch(block: Self.block, n: n)
    }

    private func row(_ index: Int) -> UnsafeMutablePointer<Float> { matrix + index * n }

    /// Computes the reflections of a block of columns, stores them in place, and applies them to the columns behind.
    private mutating func eliminate(_ columns: Range<Int>) {
        for column in columns {
            makeReflection(column)
            applyReflection(column, to: (column + 1)..<columns.upperBound)
        }
        guard columns.upperBound < n else { return }
        scratch.take(matrix, columns: columns, taus: taus)
        scratch.apply(isTransposed: false, to: matrix, rows: columns.upperBound..<n, from: columns.lowerBound)
    }

    /// Replaces column x, from the diagonal on, by the vector v = (1, ...) of the reflection that maps x to a multiple of the
    /// first unit vector, with the sign opposite to x's first element (LAPACK's `larfg`). Sets the elements above the diagonal to
    /// zero.
    private mutating func makeReflection(_ column: Int) {
        let x = row(column) + column
        let rest = n - column - 1
        var squares: Float = 0
        ck_row_dots(1, rest, x + 1, x + 1, rest, &squares)
        let alpha = x[0]
        row(column).update(repeating: 0, count: column)
        x[0] = 1
        guard squares > 0 else {  // x is already such a multiple: the reflection is the identity
            signs[column] = alpha < 0 ? -1 : 1
            return
        }
        let norm = (alpha * alpha + squares).squareRoot()
        let beta = alpha < 0 ? norm : -norm
        taus[column] = (beta - alpha) / beta
        signs[column] = beta < 0 ? -1 : 1
        let factor = 1 / (alpha - beta)
        for i in 1...rest { x[i] *= factor }
    }

    /// Applies one reflection. The arithmetic of a row does not depend on the block.
    private mutating func applyReflection(_ column: Int, to rows: Range<Int>) {
        guard !rows.isEmpty else { return }
        let (v, x, tau) = (row(column) + column, row(rows.lowerBound) + column, taus[column])
        let (count, n) = (rows.count, n)
        withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { factors in
            let factors = factors.baseAddress!
            ck_row_dots(count, n - column, v, x, n, factors)
            for i in 0..<count { factors[i] *= -tau }
            ck_add_multiples(count, n - column, factors, v, x, n)
        }
    }

    /// Replaces the vectors of a block by columns of Q, and applies the reflections of the block to them and to the columns
    /// behind. The columns behind hold the product of all later reflections.
    private mutating func form(_ columns: Range<Int>) {
        scratch.take(matrix, columns: columns, taus: taus)
        for index in columns {
            row(index).update(repeating: 0, count: n)
            row(index)[index] = 1
        }
        for index in columns.upperBound..<n { (row(index) + columns.lowerBound).update(repeating: 0, count: columns.count) }
        scratch.apply(isTransposed: true, to: matrix, rows: columns.lowerBound..<n, from: columns.lowerBound)
    }

    private func multiplyBySigns() {
        for column in 0..<n where signs[column] < 0 {
            for i in 0..<n { row(column)[i].negate() }
        }
    }
}

/// A block of reflections, ready to be applied: `I - V^T T V`.
private struct BlockScratch {
    private let block: Int
    private let n: Int
    /// From the block's first column on. The last block may be narrower and have fewer rows. [block, n - first]
    private var v: [Float]
    /// V, packed for products with V and with its transpose.
    private var packedV: [Float]
    private var packedTransposedV: [Float]
    /// -T, upper triangular. [count, count]
    private var minusT: [Float]
    private var packedT: [Float]
    /// The product of rows with V's transpose, and its product with T. [n, count] each
    private var dots: [Float]
    private var factors: [Float]
    private var count = 0

    init(block: Int, n: Int) {
        self.block = block
        self.n = n
        v = [Float](repeating: 0, count: block * n)
        packedV = [Float](repeating: 0, count: ck_packed_count(n, block))
        packedTransposedV = [Float](repeating: 0, count: ck_packed_count(block, n))
        minusT = [Float](repeating: 0, count: block * block)
        packedT = [Float](repeating: 0, count: ck_packed_count(block, block))
        dots = [Float](repeating: 0, count: n * block)
        factors = [Float](repeating: 0, count: n * block)
    }

    /// Reads the vectors from the matrix's `columns`, and computes T from them.
    mutating func take(_ matrix: UnsafePointer<Float>, columns: Range<Int>, taus: [Float]) {
        count = columns.count
        let length = n - columns.lowerBound
        for (place, column) in columns.enumerated() {
            let from = matrix + column * n + columns.lowerBound
            for i in 0..<length { v[place * length + i] = from[i] }
        }
        ck_pack(length, count, v, 0, count * length, &packedV)
        ck_pack_transposed(count, length, v, 0, count * length, &packedTransposedV)
        ck_gemm(count, count, length, v, length, packedTransposedV, length * Int(CK_PANEL), nil, 0, &dots, count)
        makeT(Array(taus[columns]))
    }

    /// Computes column j of T above the diagonal, `-tau_j T (V v_j)` (LAPACK's `larft`), from V V^T in `dots`.
    private mutating func makeT(_ taus: [Float]) {
        for i in 0..<(count * count) { minusT[i] = 0 }
        for j in 0..<count {
            for i in 0..<j {
                var sum: Float = 0
                for k in i..<j { sum += minusT[i * count + k] * dots[k * count + j] }
                minusT[i * count + j] = -taus[j] * sum
            }
            minusT[j * count + j] = -taus[j]
        }
    }

    /// `rows -= rows V^T T V`, or with T's transpose, over the columns from `first` (the first column of the block) on.
    mutating func apply(isTransposed: Bool, to matrix: UnsafeMutablePointer<Float>, rows: Range<Int>, from first: Int) {
        let (length, panel) = (n - first, Int(CK_PANEL))
        let x = matrix + rows.lowerBound * n + first
        if isTransposed {
            ck_pack_transposed(count, count, minusT, 0, count * count, &packedT)
        } else {
            ck_pack(count, count, minusT, 0, count * count, &packedT)
        }
        ck_gemm(rows.count, count, length, x, n, packedTransposedV, length * panel, nil, 0, &dots, count)
        ck_gemm(rows.count, count, count, dots, count, packedT, count * panel, nil, 0, &factors, count)
        ck_gemm(rows.count, length, count, factors, count, packedV, count * panel, nil, 1, x, n)
    }
}
