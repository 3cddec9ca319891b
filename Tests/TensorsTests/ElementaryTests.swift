import Foundation
import Synchronization
import Tensors
import TestSupport
import Testing

extension LevelTests {
    @Suite("exp, tanh and the logistic function")
    struct ElementaryTests {
        /// One float from each of 2^20 equal parts of all bit patterns: every sign and exponent, denormals, NaNs.
        private static let sample: [Float] = {
            var random = SeededRandom(state: 12)
            return (0..<UInt32(1 << 20)).map { Float(bitPattern: $0 << 12 | UInt32.random(in: 0..<4096, using: &random)) }
        }()

        private static let special: [Float] = [
            0, -0.0, 1, -1, .infinity, -.infinity, .nan, -.nan, .signalingNaN, .leastNonzeroMagnitude, -.leastNonzeroMagnitude,
            .leastNormalMagnitude, -.leastNormalMagnitude, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 88.7228394,
            88.72284, -87.3365447, -87.33655, 87.3365447, 104, -104,
        ]

        @Test("The error is under its bound and NaN stays NaN, with the same bits at each level", arguments: Elementary.allCases)
        func accuracy(function: Elementary) {
            let inputs = Self.special + Self.sample
            var first: [Float]?
            Processor.atEachLevel { level in
                let results = function(inputs)
                if let first {
                    #expect(differingBits(first, results) == 0, "\(level)")
                    return
                }
                first = results
                var worst = WorstError()
                for (x, y) in zip(inputs, results) { worst.see(function, x: x, y: y) }
                #expect(worst.ulps <= function.bound, "\(function) at \(worst.at): \(worst.ulps) ulp")
                #expect(worst.lostNaNs == 0)
            }
        }

        @Test("Limits are exact, and tanh keeps the sign of zero")
        func limits() {
            Processor.atEachLevel { level in
                #expect(
                    Elementary.exp([0, -.infinity, .infinity, -87.34, 88.73]) == [1, 0, .infinity, 0, .infinity], "\(level)")
                #expect(Elementary.tanh([-.infinity, .infinity, -10, 10]) == [-1, 1, -1, 1], "\(level)")
                #expect(Elementary.sigmoid([0, -.infinity, .infinity, 20, -88]) == [0.5, 0, 1, 1, 0], "\(level)")
                #expect(Elementary.tanh([0, -0.0]).map(\.bitPattern) == [0, 0x8000_0000], "\(level)")
            }
        }

        @Test(
            "Results never fall by more than an ulp from one float to the next around the switch points",
            arguments: Elementary.allCases)
        func monotone(function: Elementary) {
            for point in function.switchPoints {
                var inputs = [point]
                for _ in 0..<500 { inputs.append(inputs[inputs.count - 1].nextUp) }
                for _ in 0..<500 { inputs.insert(inputs[0].nextDown, at: 0) }
                let results = function(inputs)
                let falls = zip(results, results.dropFirst()).filter { $1 < $0.nextDown }
                #expect(falls.isEmpty, "\(function) around \(point): \(falls.prefix(3))")
            }
        }

        @Test("A number's result depends neither on its position nor on the count", arguments: Elementary.allCases)
        func placement(function: Elementary) {
            var random = SeededRandom(state: 3)
            let inputs = (0..<67).map { _ in 8 * random.float() }
            Processor.atEachLevel { level in
                let whole = function(inputs)
                for count in [0] + oddSizes {
                    #expect(
                        differingBits(function(Array(inputs[2..<(2 + count)])), whole[2..<(2 + count)]) == 0, "\(level), \(count)"
                    )
                }
            }
        }

        @Test("With denormals flushed, as in every rank, the levels also agree", arguments: Elementary.allCases)
        func flushed(function: Elementary) {
            // The flags belong to the thread, and end with it.
            let differing = Mutex<[Int]>([])
            let thread = Thread {
                Processor.flushDenormals()
                var first: [Float] = []
                Processor.atEachLevel { _ in
                    let results = function(Self.special + Self.sample)
                    if first.isEmpty { first = results }
                    differing.withLock { $0.append(differingBits(first, results)) }
                }
            }
            thread.start()
            while !thread.isFinished { usleep(1000) }
            let found = differing.withLock { $0 }
            #expect(!found.isEmpty && found.allSatisfy { $0 == 0 }, "\(function): numbers that differ, by level: \(found)")
        }
    }
}

@Suite("The logarithm")
struct LogarithmTests {
    /// The reference is within slightly more than half an ulp, so a distance of one ulp is an error below 1.6.
    @Test("The error is under 2 ulp, around 1, at powers of two and over all exponents")
    func accuracy() {
        var random = SeededRandom(state: 1)
        var inputs: [Double] = []
        for exponent in -1022...1023 {
            for _ in 0..<50 {
                let significand = Double.random(in: 1..<2, using: &random)
                inputs.append(Double(sign: .plus, exponent: exponent, significand: significand))
            }
        }
        inputs += (0..<20000).map { _ in Double.random(in: 0.5...2, using: &random) }
        inputs += (0..<20000).map { 1 + Double($0 - 10000) * 0x1p-40 }
        inputs += [
            Double(2).squareRoot(), Double(2).squareRoot().nextUp, .leastNormalMagnitude, .greatestFiniteMagnitude, 1.75e308,
        ]
        for x in inputs {
            let (found, exact) = (RowKernels.log(x), Foundation.log(x))
            #expect(abs(found - exact) < 2 * exact.ulp || found == exact, "log \(x)")
        }
    }

    @Test("The logarithm of 1 is 0, of 0 minus infinity, of infinity infinity, and of negative numbers and NaN it is NaN")
    func limits() {
        #expect(RowKernels.log(1) == 0)
        #expect(RowKernels.log(0) == -.infinity)
        #expect(RowKernels.log(.infinity) == .infinity)
        #expect(RowKernels.log(-1).isNaN)
        #expect(RowKernels.log(.nan).isNaN)
    }
}
