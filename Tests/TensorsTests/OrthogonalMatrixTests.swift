import COpenBLAS
import Tensors
import TestSupport
import Testing

@Suite("Random orthogonal matrices")
struct OrthogonalMatrixTests {
    /// Sizes below, at and above the width of one block and of several blocks of reflections.
    private static let sizes = [1, 2, 3, 15, 31, 32, 33, 64, 65, 130, 257]

    private func normals(_ n: Int) -> [Float] {
        var random = SeededRandom(state: UInt64(n))
        return (0..<(n * n)).map { _ in (0..<12).reduce(Float(-6)) { sum, _ in sum + Float.random(in: 0..<1, using: &random) } }
    }

    private func orthogonal(_ matrix: [Float], n: Int) -> [Float] {
        var matrix = matrix
        LinearAlgebra.orthogonalize(&matrix, n: n)
        return matrix
    }

    @Test("Columns are orthonormal up to a few roundings", arguments: sizes)
    func isOrthogonal(n: Int) {
        let q = orthogonal(normals(n), n: n)
        for i in 0..<n {
            for j in 0...i {
                let dot = (0..<n).reduce(0.0) { $0 + Double(q[i * n + $1]) * Double(q[j * n + $1]) }
                #expect(abs(dot - (i == j ? 1 : 0)) < 2e-6, "columns \(i) and \(j)")
            }
        }
    }

    @Test("Q equals LAPACK's with the signs of R's diagonal, up to rounding", arguments: sizes)
    func agreesWithLAPACK(n: Int) throws {
        let matrix = normals(n)
        let (found, expected) = (orthogonal(matrix, n: n), try lapack(matrix, n: n))
        // The last columns of an unstructured matrix have the largest errors.
        let worst = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
        #expect(worst < 1e-6 * Float(n), "off by \(worst)")
    }

    @Test("The same bits at every level", arguments: sizes)
    func sameBits(n: Int) {
        let matrix = normals(n)
        var first: [UInt32]?
        Processor.atEachLevel { level in
            let bits = orthogonal(matrix, n: n).map(\.bitPattern)
            #expect(bits == first ?? bits, "\(level)")
            first = bits
        }
    }

    @Test("A triangular matrix gives the signs of its diagonal, for any rank")
    func triangular() {
        let matrix: [Float] = [-3, 0, 0, 1, 2, 0, 5, 7, 0]  // columns
        #expect(orthogonal(matrix, n: 3) == [-1, 0, 0, 0, 1, 0, 0, 0, 1])
    }

    private func lapack(_ matrix: [Float], n: Int) throws -> [Float] {
        var (q, size, info) = (matrix, Int32(n), Int32(0))
        var workSize = Int32(64 * n)
        var (work, tau) = ([Float](repeating: 0, count: 64 * n), [Float](repeating: 0, count: n))
        sgeqrf_(&size, &size, &q, &size, &tau, &work, &workSize, &info)
        try #require(info == 0)
        let signs = (0..<n).map { q[$0 * n + $0] < 0 ? Float(-1) : 1 }
        sorgqr_(&size, &size, &size, &q, &size, &tau, &work, &workSize, &info)
        try #require(info == 0)
        return q.enumerated().map { $1 * signs[$0 / n] }
    }
}
