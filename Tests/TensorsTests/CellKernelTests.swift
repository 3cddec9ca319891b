import Foundation
import Tensors
import TestSupport
import Testing

/// Random buffers of `rows` times a number of columns, one for each name in a cell's arithmetic.
private final class CellBuffers {
    let rows: Int
    let hidden: Int
    private var random: SeededRandom
    private let workspace = Workspace()

    init(rows: Int, hidden: Int) {
        (self.rows, self.hidden) = (rows, hidden)
        random = SeededRandom(state: UInt64(hidden))
    }

    /// Floats between rows of a buffer of `columns` parts. The rows of gates have padding.
    func stride(_ columns: Int) -> Int { columns == 1 ? hidden : columns * hidden + 7 }

    /// `[rows, columns*hidden]` in -limit...limit, with guards between the rows and behind the end.
    func buffer(_ columns: Int, limit: Float = 3) -> UnsafeMutablePointer<Float> {
        let count = rows * stride(columns)
        let pointer = workspace.allocate(Float.self, count: count + 16)
        pointer.update(repeating: guardValue, count: count + 16)
        for r in 0..<rows {
            for i in 0..<(columns * hidden) {
                pointer[r * stride(columns) + i] = Float.random(in: -limit...limit, using: &random)
            }
        }
        return pointer
    }

    /// The first `parts` parts of a buffer of `columns` of them.
    func matrix(_ pointer: UnsafeMutablePointer<Float>, _ columns: Int, parts: Int? = nil) -> MatrixView {
        MatrixView(pointer, rows: rows, columns: (parts ?? columns) * hidden, rowStride: stride(columns))
    }

    /// A step with `columns` parts of gates.
    func step(
        _ gates: UnsafeMutablePointer<Float>, _ columns: Int, hPrevious: UnsafeMutablePointer<Float>,
        h: UnsafeMutablePointer<Float>, dH: UnsafeMutablePointer<Float>
    ) -> CellStep {
        CellStep(gates: matrix(gates, columns), units: hidden, hPrevious: hPrevious, h: h, dH: dH)
    }

    func copy(_ pointer: UnsafePointer<Float>, _ columns: Int) -> [Float] {
        Array(UnsafeBufferPointer(start: pointer, count: rows * stride(columns)))
    }

    func guardsStand(_ pointer: UnsafePointer<Float>, _ columns: Int) -> Bool {
        let end = rows * stride(columns)
        let gaps = (0..<rows).flatMap { ($0 * stride(columns) + columns * hidden)..<(($0 + 1) * stride(columns)) }
        return (gaps + Array(end..<(end + 16))).allSatisfy { pointer[$0] == guardValue }
    }

    /// Element (row, unit) of part `part` of a buffer of `columns` parts, in Double.
    func at(_ pointer: UnsafePointer<Float>, _ columns: Int, _ r: Int, _ part: Int, _ u: Int) -> Double {
        Double(pointer[r * stride(columns) + part * hidden + u])
    }
}

private let guardValue: Float = 12345

private func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

extension LevelTests {
    /// Compares each kernel with its equations in Double: forward within 4 ulp of 1 times the size of its inputs, backward within
    /// 8 roundings of its terms.
    @Suite("The arithmetic of the cells")
    struct CellKernelTests {
        private func close(_ a: Double, _ b: Double, _ scale: Double = 4) -> Bool { abs(a - b) <= 8 * unitRoundoff * scale }

        @Test("LSTM, forward and backward", arguments: oddSizes)
        func lstm(hidden: Int) {
            Processor.atEachLevel { level in
                let b = CellBuffers(rows: 3, hidden: hidden)
                let (gates, cPrevious, c, tanhC, h) = (b.buffer(4), b.buffer(1), b.buffer(1), b.buffer(1), b.buffer(1))
                let (dH, dC) = (b.buffer(1), b.buffer(1))
                let before = b.copy(gates, 4), dCBefore = b.copy(dC, 1)
                var step = b.step(gates, 4, hPrevious: h, h: h, dH: dH)
                step.state = (cPrevious, c, dC)
                step.kept = tanhC
                CellKernel("lstm").forward(step)
                let active = b.copy(gates, 4)
                CellKernel("lstm").backward(step)
                var wrong = 0
                for r in 0..<3 {
                    for u in 0..<hidden {
                        func pre(_ part: Int) -> Double { b.at(before, 4, r, part, u) }
                        let (i, f, g, o) = (sigmoid(pre(0)), sigmoid(pre(1)), tanh(pre(2)), sigmoid(pre(3)))
                        let (old, dh) = (b.at(cPrevious, 1, r, 0, u), b.at(dH, 1, r, 0, u))
                        let cell = f * old + i * g
                        wrong += close(b.at(c, 1, r, 0, u), cell) && close(b.at(h, 1, r, 0, u), o * tanh(cell)) ? 0 : 1
                        wrong += zip(0..<4, [i, f, g, o]).count { !close(b.at(active, 4, r, $0, u), $1) }
                        let dCell = b.at(dCBefore, 1, r, 0, u) + dh * o * (1 - tanh(cell) * tanh(cell))
                        let expected = [
                            dCell * g * i * (1 - i), dCell * old * f * (1 - f), dCell * i * (1 - g * g),
                            dh * tanh(cell) * o * (1 - o),
                        ]
                        wrong += zip(0..<4, expected).count { !close(b.at(gates, 4, r, $0, u), $1, 20) }
                        wrong += close(b.at(dC, 1, r, 0, u), dCell * f, 20) ? 0 : 1
                    }
                }
                #expect(wrong == 0, "\(level)")
                #expect(guardsStand(b, [(gates, 4), (c, 1), (tanhC, 1), (h, 1), (dC, 1)]), "\(level)")
            }
        }

        @Test("GRU with the reset gate after the product, forward and backward", arguments: oddSizes)
        func gru(hidden: Int) {
            Processor.atEachLevel { level in
                let b = CellBuffers(rows: 3, hidden: hidden)
                let (x, y, hPrevious, h, dH) = (b.buffer(3), b.buffer(3), b.buffer(1, limit: 1), b.buffer(1), b.buffer(1))
                let xBefore = b.copy(x, 3), yBefore = b.copy(y, 3), dHBefore = b.copy(dH, 1)
                var step = b.step(x, 3, hPrevious: hPrevious, h: h, dH: dH)
                step.otherGates = y
                CellKernel("gru").forward(step)
                CellKernel("gru").backward(step)
                var wrong = 0
                for r in 0..<3 {
                    for u in 0..<hidden {
                        func product(_ part: Int) -> Double { b.at(yBefore, 3, r, part, u) }
                        func both(_ part: Int) -> Double { b.at(xBefore, 3, r, part, u) + product(part) }
                        let (reset, z) = (sigmoid(both(0)), sigmoid(both(1)))
                        let n = tanh(b.at(xBefore, 3, r, 2, u) + reset * product(2))
                        let (old, dh) = (b.at(hPrevious, 1, r, 0, u), b.at(dHBefore, 1, r, 0, u))
                        wrong += close(b.at(h, 1, r, 0, u), (1 - z) * n + z * old) ? 0 : 1
                        let (dN, dZ) = (dh * (1 - z) * (1 - n * n), dh * (old - n) * z * (1 - z))
                        let dReset = dN * product(2) * reset * (1 - reset)
                        wrong += zip(0..<3, [dReset, dZ, dN]).count { !close(b.at(x, 3, r, $0, u), $1, 20) }
                        wrong += zip(0..<3, [dReset, dZ, dN * reset]).count { !close(b.at(y, 3, r, $0, u), $1, 20) }
                        wrong += close(b.at(dH, 1, r, 0, u), dh * z, 20) ? 0 : 1
                    }
                }
                #expect(wrong == 0, "\(level)")
                #expect(guardsStand(b, [(x, 3), (y, 3), (h, 1), (dH, 1)]), "\(level)")
            }
        }

        @Test("GRU with the reset gate before the product, both parts, forward and backward", arguments: oddSizes)
        func gruResetBefore(hidden: Int) {
            Processor.atEachLevel { level in
                let b = CellBuffers(rows: 3, hidden: hidden)
                let (gates, hPrevious, resetH, h) = (b.buffer(3), b.buffer(1, limit: 1), b.buffer(1), b.buffer(1))
                let (dH, dResetH) = (b.buffer(1), b.buffer(1))
                let before = b.copy(gates, 3), dHBefore = b.copy(dH, 1)
                var step = b.step(gates, 3, hPrevious: hPrevious, h: h, dH: dH)
                (step.kept, step.dKept) = (resetH, dResetH)
                CellKernel("gru_reset").forward(step)
                CellKernel("gru_candidate").forward(step)
                CellKernel("gru_candidate").backward(step)
                CellKernel("gru_reset").backward(step)
                var wrong = 0
                for r in 0..<3 {
                    for u in 0..<hidden {
                        func pre(_ part: Int) -> Double { b.at(before, 3, r, part, u) }
                        let (reset, z, n) = (sigmoid(pre(0)), sigmoid(pre(1)), tanh(pre(2)))
                        let (old, dh, d) = (b.at(hPrevious, 1, r, 0, u), b.at(dHBefore, 1, r, 0, u), b.at(dResetH, 1, r, 0, u))
                        wrong += close(b.at(resetH, 1, r, 0, u), reset * old) ? 0 : 1
                        wrong += close(b.at(h, 1, r, 0, u), (1 - z) * n + z * old) ? 0 : 1
                        let expected = [d * old * reset * (1 - reset), dh * (old - n) * z * (1 - z), dh * (1 - z) * (1 - n * n)]
                        wrong += zip(0..<3, expected).count { !close(b.at(gates, 3, r, $0, u), $1, 20) }
                        wrong += close(b.at(dH, 1, r, 0, u), dh * z + d * reset, 20) ? 0 : 1
                    }
                }
                #expect(wrong == 0, "\(level)")
                #expect(guardsStand(b, [(gates, 3), (resetH, 1), (h, 1), (dH, 1)]), "\(level)")
            }
        }

        @Test("Elman's activations and their derivatives", arguments: ["tanh", "relu", "sigmoid"], [0] + oddSizes)
        func elman(nonlinearity: String, hidden: Int) {
            Processor.atEachLevel { level in
                let b = CellBuffers(rows: 3, hidden: hidden)
                let (x, h, dH) = (b.buffer(2), b.buffer(1), b.buffer(1))
                let before = b.copy(x, 2)
                let step = CellStep(
                    gates: b.matrix(x, 2, parts: 1), units: hidden, hPrevious: h, h: h, dH: dH)
                let kernel = CellKernel("elman_" + nonlinearity)
                kernel.forward(step)
                let found = b.copy(h, 1)
                kernel.backward(step)
                var wrong = 0
                for r in 0..<3 {
                    for u in 0..<hidden {
                        let (value, slope) = exact(nonlinearity, b.at(before, 2, r, 0, u))
                        wrong += close(b.at(found, 1, r, 0, u), value) ? 0 : 1
                        wrong += close(b.at(x, 2, r, 0, u), b.at(dH, 1, r, 0, u) * slope) ? 0 : 1
                        wrong += b.at(x, 2, r, 1, u) == b.at(before, 2, r, 1, u) ? 0 : 1
                    }
                }
                #expect(wrong == 0, "\(level)")
                #expect(guardsStand(b, [(h, 1), (x, 2)]), "\(level)")
            }
        }

        private func exact(_ nonlinearity: String, _ x: Double) -> (value: Double, slope: Double) {
            switch nonlinearity {
            case "tanh": (tanh(x), 1 - tanh(x) * tanh(x))
            case "relu": (max(x, 0), x > 0 ? 1 : 0)
            default: (sigmoid(x), sigmoid(x) * (1 - sigmoid(x)))
            }
        }

        private func guardsStand(_ b: CellBuffers, _ buffers: [(UnsafeMutablePointer<Float>, Int)]) -> Bool {
            buffers.allSatisfy { b.guardsStand($0, $1) }
        }
    }
}
