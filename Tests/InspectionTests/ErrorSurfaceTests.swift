import Foundation
import Inspection
import Testing

@Suite("The error surface of one unit")
struct ErrorSurfaceTests {
    @Test("The gradient equals central differences, on both sides of the wall and at one step", arguments: [1, 3, 50])
    func gradient(steps: Int) {
        let surface = ErrorSurface(steps: steps)
        for (w, b) in [(6.0, -2.5), (5, -2.7), (4, -1.5), (0.5, 0), (-3, 1)] {
            func error(_ dw: Double, _ db: Double) -> Double { surface.value(at: .init(w: w + dw, b: b + db)).error }
            let (_, found) = surface.value(at: .init(w: w, b: b))
            let size = 1e-5
            let expected = (
                w: (error(size, 0) - error(-size, 0)) / (2 * size), b: (error(0, size) - error(0, -size)) / (2 * size)
            )
            #expect(abs(found.w - expected.w) < 1e-6 * max(1, abs(expected.w)), "\(steps) steps at \(w), \(b)")
            #expect(abs(found.b - expected.b) < 1e-6 * max(1, abs(expected.b)), "\(steps) steps at \(w), \(b)")
        }
    }

    @Test("The error of one step is that of the equation")
    func oneStep() {
        let s = { (x: Double) in 1 / (1 + exp(-x)) }
        let expected = pow(s(2 * s(0.5) - 1) - 0.7, 2)
        #expect(abs(ErrorSurface(steps: 1).value(at: .init(w: 2, b: -1)).error - expected) < 1e-15)
    }

    @Test("A clipped path never steps further than rate times limit; without clipping, it leaves the surface at the wall")
    func paths() {
        let surface = ErrorSurface(steps: 50)
        func path(_ clip: Double?) -> [ErrorSurface.Place] {
            surface.path(from: .init(w: 6, b: -2.5), rate: 0.5, clip: clip, updates: 100)
        }
        let (clipped, free) = (path(0.5), path(nil))
        #expect(clipped.count == 101 && free.count == 101)
        func largestStep(_ places: [ErrorSurface.Place]) -> Double {
            zip(places, places.dropFirst()).map { hypot($0.point.w - $1.point.w, $0.point.b - $1.point.b) }.max() ?? 0
        }
        #expect(largestStep(clipped) <= 0.25 * (1 + 1e-9) && largestStep(free) > 1)
        // The same figures from a program in Python, with its own derivatives.
        #expect(abs(clipped[100].error - 0.0015) < 5e-5 && abs(free[100].error - 0.0888) < 5e-5)
        #expect(abs(free[100].point.b - 0.561) < 5e-4 && abs(free.map(\.gradientNorm).max()! - 6.14) < 5e-3)
    }
}
