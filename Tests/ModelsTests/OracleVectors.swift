// Linear algebra of the oracle: loops over plain arrays, written for readability, not for speed. A matrix is a flat row-major
// array; the length of the vector multiplied with it gives its shape.

/// `y = W x`. Shapes: W [rows, x.count]; the result [rows].
func product(_ weight: [Double], _ x: [Double]) -> [Double] {
    (0..<weight.count / x.count).map { row in
        x.indices.reduce(0) { sum, column in sum + weight[row * x.count + column] * x[column] }
    }
}

/// `x = Wᵀ y`. Shapes: W [y.count, columns]; the result [columns].
func transposedProduct(_ weight: [Double], _ y: [Double]) -> [Double] {
    let columns = weight.count / y.count
    return (0..<columns).map { column in
        y.indices.reduce(0) { sum, row in sum + weight[row * columns + column] * y[row] }
    }
}

/// `W += y xᵀ`. Shapes: W [y.count, x.count].
func addOuterProduct(_ y: [Double], _ x: [Double], to weight: inout [Double]) {
    for row in y.indices {
        for column in x.indices {
            weight[row * x.count + column] += y[row] * x[column]
        }
    }
}

/// The sum of two vectors of equal length.
func sum(_ a: [Double], _ b: [Double]) -> [Double] {
    a.indices.map { a[$0] + b[$0] }
}

/// The elementwise product of two vectors of equal length.
func elementProduct(_ a: [Double], _ b: [Double]) -> [Double] {
    a.indices.map { a[$0] * b[$0] }
}

/// The Euclidean norm.
func norm(_ a: [Double]) -> Double {
    a.reduce(0) { $0 + $1 * $1 }.squareRoot()
}

/// The distance of two vectors relative to the norm of the second, `|a - b| / |b|`, or `|a|` if b is zero.
func relativeDistance(_ a: [Double], from b: [Double]) -> Double {
    let distance = norm(a.indices.map { a[$0] - b[$0] })
    return norm(b) == 0 ? distance : distance / norm(b)
}
