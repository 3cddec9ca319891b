import Foundation
import Tensors
import TestSupport
import Testing

@Suite("Elementary functions in double")
struct DoubleElementaryTests {
    @Test("e^x is within an ulp of the system's over its whole range")
    func exponential() {
        var random = SeededRandom(state: 5)
        var worst = 0.0
        for _ in 0..<200_000 {
            let x = Double.random(in: -708...709.78, using: &random)
            let (found, expected) = (RowKernels.exp(x), Foundation.exp(x))
            worst = max(worst, abs(found - expected) / expected.ulp)
        }
        #expect(worst <= 1)
    }

    @Test("e^x at the ends of its range, and where the power of two changes")
    func ends() {
        #expect(RowKernels.exp(0) == 1 && RowKernels.exp(-0.0) == 1 && RowKernels.exp(1) == M_E)
        #expect(RowKernels.exp(-.infinity) == 0 && RowKernels.exp(.infinity) == .infinity && RowKernels.exp(.nan).isNaN)
        #expect(RowKernels.exp(709.782712893384).isFinite && RowKernels.exp(709.782712893385) == .infinity)
        #expect(RowKernels.exp(-745) <= .leastNormalMagnitude && RowKernels.exp(-746) == 0)
        for k in -1020...1020 {
            let x = (Double(k) + 0.5) * 0.6931471805599453
            for x in [x.nextDown, x, x.nextUp] { #expect(abs(RowKernels.exp(x) - exp(x)) <= exp(x).ulp, "\(x)") }
        }
    }
}
