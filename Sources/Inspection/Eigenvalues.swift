import Foundation

/// A complex number.
package struct ComplexNumber: Equatable, Sendable {
    package var real: Double
    package var imaginary: Double

    package init(_ real: Double, _ imaginary: Double = 0) { (self.real, self.imaginary) = (real, imaginary) }

    package var magnitude: Double { hypot(real, imaginary) }
}

/// The eigenvalues of a real square matrix, in `Double`.
///
/// Reduction to Hessenberg form by elimination, then QR steps with two shifts.
/// Source: Golub & Van Loan, Matrix Computations, 4th edition, sections 7.4 and 7.5; Francis 1961. Cost: about 10 n^3 operations.
package struct Eigenvalues {
    private var a: [[Double]]
    private let count: Int
    private var found: [ComplexNumber] = []
    /// The rows and columns above which eigenvalues remain to be found.
    private var last: Int
    /// The sum of the shifts that were subtracted from the diagonal.
    private var shift = 0.0

    /// The eigenvalues of `matrix` `[count, count]`, row by row, by descending magnitude. Nil if a value is not finite, or if the
    /// steps do not converge.
    package static func of(_ matrix: [Double], count: Int) -> [ComplexNumber]? {
        precondition(matrix.count == count * count, "\(matrix.count) elements of a square matrix of \(count) rows")
        guard matrix.allSatisfy(\.isFinite) else { return nil }
        var work = Eigenvalues(matrix, count)
        work.reduceToHessenberg()
        guard work.solve() else { return nil }
        return work.found.sorted { ($0.magnitude, $0.real, $0.imaginary) > ($1.magnitude, $1.real, $1.imaginary) }
    }

    private init(_ matrix: [Double], _ count: Int) {
        a = (0..<count).map { Array(matrix[($0 * count)..<(($0 + 1) * count)]) }
        (self.count, last) = (count, count - 1)
    }

    /// Eliminates everything below the first subdiagonal, with row exchanges, by similarity transformations.
    private mutating func reduceToHessenberg() {
        for m in stride(from: 1, to: count - 1, by: 1) {
            let pivot = (m..<count).max { abs(a[$0][m - 1]) < abs(a[$1][m - 1]) } ?? m
            guard a[pivot][m - 1] != 0 else { continue }
            if pivot != m {
                a.swapAt(pivot, m)
                for row in 0..<count { a[row].swapAt(pivot, m) }
            }
            for row in (m + 1)..<count where a[row][m - 1] != 0 {
                let factor = a[row][m - 1] / a[m][m - 1]
                a[row][m - 1] = 0
                for column in m..<count { a[row][column] -= factor * a[m][column] }
                for other in 0..<count { a[other][m] += factor * a[other][row] }
            }
        }
    }

    /// Finds the eigenvalues from the last row on. False if one needs too many steps.
    private mutating func solve() -> Bool {
        var steps = 0
        while last >= 0 {
            let first = startOfBlock()
            switch last - first {
            case 0:
                found.append(ComplexNumber(a[last][last] + shift))
                (last, steps) = (last - 1, 0)
            case 1:
                appendPair()
                (last, steps) = (last - 2, 0)
            default:
                steps += 1
                if steps > 60 { return false }
                step(from: first, isExceptional: steps % 10 == 0)
            }
        }
        return true
    }

    /// The first row of the unreduced block that ends with the last row: above it, the subdiagonal element is negligible.
    private mutating func startOfBlock() -> Int {
        for row in stride(from: last, to: 0, by: -1) {
            let size = abs(a[row - 1][row - 1]) + abs(a[row][row])
            let scale = size == 0 ? norm : size
            if abs(a[row][row - 1]) <= Double.ulpOfOne * scale {
                a[row][row - 1] = 0
                return row
            }
        }
        return 0
    }

    private var norm: Double { a.reduce(0) { $0 + $1.reduce(0) { $0 + abs($1) } } }

    /// The eigenvalues of the last two rows and columns.
    private mutating func appendPair() {
        let (x, y) = (a[last][last], a[last - 1][last - 1])
        let product = a[last][last - 1] * a[last - 1][last]
        let half = (y - x) / 2
        let square = half * half + product
        if square < 0 {
            found += [1, -1].map { ComplexNumber(x + half + shift, $0 * (-square).squareRoot()) }
        } else {
            let root = half + (half < 0 ? -1 : 1) * square.squareRoot()
            found += [ComplexNumber(x + root + shift), ComplexNumber((root == 0 ? x : x - product / root) + shift)]
        }
    }

    /// One QR step with both eigenvalues of the last two rows as shifts, on the rows from `first` to the last.
    private mutating func step(from first: Int, isExceptional: Bool) {
        var (x, y, w) = (a[last][last], a[last - 1][last - 1], a[last][last - 1] * a[last - 1][last])
        if isExceptional {
            // The usual shifts have repeated themselves.
            shift += x
            for row in 0...last { a[row][row] -= x }
            let size = abs(a[last][last - 1]) + abs(a[last - 1][last - 2])
            (x, y, w) = (0.75 * size, 0.75 * size, -0.4375 * size * size)
        }
        let start = startOfStep(first, x, y, w)
        for row in (start.row + 2)...last {
            a[row][row - 2] = 0
            if row > start.row + 2 { a[row][row - 3] = 0 }
        }
        chase(start, first)
    }

    /// The row at which a step may begin, because two subdiagonal elements in a row are small, with the first column of the shifted
    /// product there.
    private func startOfStep(
        _ first: Int, _ x: Double, _ y: Double, _ w: Double
    ) -> (row: Int, column: (Double, Double, Double)) {
        var row = last - 2
        while true {
            let z = a[row][row]
            let (r, s) = (x - z, y - z)
            var p = (r * s - w) / a[row + 1][row] + a[row][row + 1]
            var q = a[row + 1][row + 1] - z - r - s
            var t = a[row + 2][row + 1]
            let scale = abs(p) + abs(q) + abs(t)
            (p, q, t) = (p / scale, q / scale, t / scale)
            if row == first { return (row, (p, q, t)) }
            let small = abs(a[row][row - 1]) * (abs(q) + abs(t))
            let size = abs(p) * (abs(a[row - 1][row - 1]) + abs(z) + abs(a[row + 1][row + 1]))
            if small <= Double.ulpOfOne * size { return (row, (p, q, t)) }
            row -= 1
        }
    }

    /// Reflects the bulge from the start of the step down to the last row.
    private mutating func chase(_ start: (row: Int, column: (Double, Double, Double)), _ first: Int) {
        var (p, q, r) = start.column
        for k in start.row..<last {
            let hasThird = k < last - 1
            var scale = 1.0
            if k > start.row {
                (p, q, r) = (a[k][k - 1], a[k + 1][k - 1], hasThird ? a[k + 2][k - 1] : 0)
                scale = abs(p) + abs(q) + abs(r)
                guard scale != 0 else { continue }
                (p, q, r) = (p / scale, q / scale, r / scale)
            }
            let s = (p < 0 ? -1 : 1) * (p * p + q * q + r * r).squareRoot()
            guard s != 0 else { continue }
            if k > start.row {
                a[k][k - 1] = -s * scale
            } else if start.row > first {
                a[k][k - 1] = -a[k][k - 1]
            }
            p += s
            let (x, y, z) = (p / s, q / s, r / s)
            (q, r) = (q / p, r / p)
            reflectRows(k, (q, r), (x, y, z), hasThird)
            reflectColumns(k, first, (q, r), (x, y, z), hasThird)
        }
    }

    private mutating func reflectRows(
        _ k: Int, _ v: (q: Double, r: Double), _ u: (x: Double, y: Double, z: Double), _ hasThird: Bool
    ) {
        for column in k...last {
            let sum = a[k][column] + v.q * a[k + 1][column] + (hasThird ? v.r * a[k + 2][column] : 0)
            a[k][column] -= sum * u.x
            a[k + 1][column] -= sum * u.y
            if hasThird { a[k + 2][column] -= sum * u.z }
        }
    }

    private mutating func reflectColumns(
        _ k: Int, _ first: Int, _ v: (q: Double, r: Double), _ u: (x: Double, y: Double, z: Double), _ hasThird: Bool
    ) {
        for row in first...min(last, k + 3) {
            let sum = u.x * a[row][k] + u.y * a[row][k + 1] + (hasThird ? u.z * a[row][k + 2] : 0)
            a[row][k] -= sum
            a[row][k + 1] -= sum * v.q
            if hasThird { a[row][k + 2] -= sum * v.r }
        }
    }
}
