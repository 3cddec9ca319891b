import Failures
import Foundation
import Inspection
import TestSupport
import Testing

@Suite("Eigenvalues from LAPACK")
struct LAPACKTests {
    private func random(_ count: Int, seed: UInt64) -> [Double] {
        var random = SeededRandom(state: seed)
        return (0..<(count * count)).map { _ in Double.random(in: -1...1, using: &random) }
    }

    @Test("Their sum is the trace and their product the determinant, by descending magnitude", arguments: [1, 2, 5, 17, 120])
    func traceAndDeterminant(count: Int) throws {
        for seed in 1...5 as ClosedRange<UInt64> {
            let matrix = random(count, seed: seed)
            let found = try #require(try LAPACK().eigenvalues(of: matrix, count: count))
            let trace = (0..<count).reduce(0) { $0 + matrix[$1 * count + $1] }
            #expect(abs(found.reduce(0) { $0 + $1.real } - trace) < 1e-10 * Double(count))
            #expect(abs(found.reduce(0) { $0 + $1.imaginary }) < 1e-10 * Double(count))
            let logDeterminant = found.reduce(0) { $0 + log($1.magnitude) }
            #expect(abs(logDeterminant - Self.logDeterminant(matrix, count)) < 1e-8 * Double(count))
            #expect(zip(found, found.dropFirst()).allSatisfy { $0.magnitude >= $1.magnitude })
        }
    }

    /// The logarithm of the determinant's magnitude, by elimination with row exchanges.
    private static func logDeterminant(_ matrix: [Double], _ count: Int) -> Double {
        var rows = (0..<count).map { Array(matrix[($0 * count)..<(($0 + 1) * count)]) }
        var sum = 0.0
        for column in 0..<count {
            let pivot = (column..<count).max { abs(rows[$0][column]) < abs(rows[$1][column]) } ?? column
            rows.swapAt(pivot, column)
            sum += log(abs(rows[column][column]))
            for row in (column + 1)..<count {
                let factor = rows[row][column] / rows[column][column]
                for k in column..<count { rows[row][k] -= factor * rows[column][k] }
            }
        }
        return sum
    }

    @Test("Without the library, the error names what to install")
    func missingLibrary() throws {
        let error = try #require(throws: LAPACKError.self) { try LAPACK(libraries: ["libnone.so.9"]) }
        #expect(error.exitStatus == .fault && "\(error)".contains("none of libnone.so.9 can be loaded"))
        #expect("\(error)".contains("apt install libopenblas0"))
    }

    @Test("Matrices with known eigenvalues: zero, diagonal, rotation, permutation, a Jordan block, a symmetric one")
    func known() throws {
        func values(_ rows: [[Double]]) throws -> [ComplexNumber] {
            try #require(try LAPACK().eigenvalues(of: rows.flatMap(\.self), count: rows.count))
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
    func notFinite() throws { #expect(try LAPACK().eigenvalues(of: [1, .nan, 0, 1], count: 2) == nil) }
}
