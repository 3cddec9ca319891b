import COpenBLAS
import Foundation
import Inspection
import TestSupport
import Testing

@Suite("Eigenvalues")
struct EigenvalueTests {
    /// The eigenvalues from LAPACK.
    private func lapack(_ matrix: [Double], _ count: Int) -> [ComplexNumber] {
        var a = matrix
        let n = Int32(count)
        var info = Int32(0)
        var (real, imaginary) = ([Double](repeating: 0, count: count), [Double](repeating: 0, count: count))
        var (left, right) = (0.0, 0.0)
        let one = Int32(1)
        var work = [Double](repeating: 0, count: 16 * count)
        let size = Int32(work.count)
        let no = CChar(UInt8(ascii: "N"))
        // LAPACK reads the matrix by columns; its transpose has the same eigenvalues.
        dgeev_([no], [no], [n], &a, [n], &real, &imaginary, &left, [one], &right, [one], &work, [size], &info, 1, 1)
        precondition(info == 0)
        return zip(real, imaginary).map { ComplexNumber($0, $1) }
    }

    private func random(_ count: Int, seed: UInt64) -> [Double] {
        var random = SeededRandom(state: seed)
        return (0..<(count * count)).map { _ in Double.random(in: -1...1, using: &random) }
    }

    @Test("They equal those of LAPACK", arguments: [1, 2, 3, 4, 5, 8, 17, 64, 120])
    func againstLAPACK(count: Int) throws {
        for seed in 1...5 as ClosedRange<UInt64> {
            let matrix = random(count, seed: seed)
            let found = try #require(Eigenvalues.of(matrix, count: count))
            var left = lapack(matrix, count)
            for value in found {
                func distance(_ other: ComplexNumber) -> Double {
                    hypot(value.real - other.real, value.imaginary - other.imaginary)
                }
                let nearest = try #require(left.indices.min { distance(left[$0]) < distance(left[$1]) })
                #expect(distance(left[nearest]) < 1e-10 * Double(count))
                left.remove(at: nearest)
            }
            #expect(left.isEmpty)
            #expect(zip(found, found.dropFirst()).allSatisfy { $0.magnitude >= $1.magnitude })
        }
    }

    @Test("Matrices with known eigenvalues: zero, diagonal, rotation, permutation, a Jordan block, a symmetric one")
    func known() throws {
        func values(_ rows: [[Double]]) throws -> [ComplexNumber] {
            try #require(Eigenvalues.of(rows.flatMap(\.self), count: rows.count))
        }
        #expect(try values([[0, 0], [0, 0]]).allSatisfy { $0.magnitude == 0 })
        #expect(try values([[1, 0, 0], [0, -3, 0], [0, 0, 2]]).map(\.real) == [-3, 2, 1])
        #expect(try values([[0, -1], [1, 0]]).map { abs($0.imaginary) } == [1, 1])
        let cycle = (0..<5).map { row in (0..<5).map { $0 == (row + 1) % 5 ? 1.0 : 0 } }
        #expect(try values(cycle).allSatisfy { abs($0.magnitude - 1) < 1e-12 })
        #expect(try values([[2, 1, 0], [0, 2, 1], [0, 0, 2]]).allSatisfy { abs($0.real - 2) < 1e-4 })
        let symmetric = try values([[2, 1], [1, 2]])
        #expect(abs(symmetric[0].real - 3) < 1e-14 && abs(symmetric[1].real - 1) < 1e-14)
    }

    @Test("A value that is not finite gives none")
    func notFinite() { #expect(Eigenvalues.of([1, .nan, 0, 1], count: 2) == nil) }
}
