import Foundation
import Synchronization
import Tensors
import Testing

extension LevelTests {
    /// Takes minutes, so it runs only on request: `RNNTRAIN_EXHAUSTIVE=1 swift test -c release --filter Exhaustive`.
    @Suite(
        "exp, tanh and the logistic function over all floats",
        .enabled(if: ProcessInfo.processInfo.environment["RNNTRAIN_EXHAUSTIVE"] == "1"))
    struct ExhaustiveElementaryTests {
        private static let partSize = 1 << 16

        @Test("The maximum errors are the documented ones", arguments: Elementary.allCases)
        func everyFloat(function: Elementary) {
            let worst = Mutex(WorstError())
            DispatchQueue.concurrentPerform(iterations: 1 << 16) { part in
                let inputs = (0..<Self.partSize).map { Float(bitPattern: UInt32(part * Self.partSize + $0)) }
                var own = WorstError()
                for (x, y) in zip(inputs, function(inputs)) { own.see(function, x: x, y: y) }
                worst.withLock { $0.merge(own) }
            }
            let found = worst.withLock { $0 }
            print("\(function): \(found.ulps) ulp at \(found.at)")
            #expect(found.ulps <= function.bound)
            #expect(found.lostNaNs == 0)
        }
    }
}
