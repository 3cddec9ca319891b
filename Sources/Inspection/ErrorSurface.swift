import Foundation

/// The error surface of a recurrent network with one unit, `x(t) = w s(x(t-1)) + b` from `x(0) = 0.5`, with the error `(s(x(T)) - 0.7)^2` after T
/// steps, s the logistic function.
///
/// Where the unit changes from one attractor to another, the surface has a wall with a steep gradient.
/// Source: Pascanu, Mikolov & Bengio 2013, section 2.3 and figure 6, with T = 50.
package struct ErrorSurface: Sendable {
    /// The parameters of the network.
    package struct Point: Sendable, Equatable {
        package var w: Double
        package var b: Double

        package init(w: Double, b: Double) { (self.w, self.b) = (w, b) }
    }

    /// A place of a path of gradient descent.
    package struct Place: Sendable {
        package let point: Point
        package let error: Double
        /// The norm of the gradient, before clipping.
        package let gradientNorm: Double
    }

    private static let (start, target) = (0.5, 0.7)
    /// T, the steps of the network.
    package let steps: Int

    /// The surface of a network that runs `steps` steps.
    package init(steps: Int) { self.steps = steps }

    /// The error and its gradient, by forward accumulation.
    package func value(at point: Point) -> (error: Double, gradient: Point) {
        var (x, dw, db) = (Self.start, 0.0, 0.0)
        for _ in 0..<steps {
            let (y, slope) = Self.logistic(x)
            (dw, db) = (y + point.w * slope * dw, 1 + point.w * slope * db)
            x = point.w * y + point.b
        }
        let (y, slope) = Self.logistic(x)
        let factor = 2 * (y - Self.target) * slope
        return ((y - Self.target) * (y - Self.target), Point(w: factor * dw, b: factor * db))
    }

    private static func logistic(_ x: Double) -> (value: Double, slope: Double) {
        let y = 1 / (1 + exp(-x))
        return (y, y * (1 - y))
    }

    /// The path of `updates` steps of gradient descent. A gradient whose norm is above `clip` is rescaled to it; nil: none is.
    package func path(from start: Point, rate: Double, clip: Double?, updates: Int) -> [Place] {
        var point = start
        return (0...updates).map { _ in
            let (error, gradient) = value(at: point)
            let norm = (gradient.w * gradient.w + gradient.b * gradient.b).squareRoot()
            let place = Place(point: point, error: error, gradientNorm: norm)
            let factor = rate * (clip.map { norm > $0 ? $0 / norm : 1 } ?? 1)
            point = Point(w: point.w - factor * gradient.w, b: point.b - factor * gradient.b)
            return place
        }
    }
}
