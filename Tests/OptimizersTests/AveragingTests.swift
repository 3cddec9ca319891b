import Kinds
import Optimizers
import Tensors
import Testing

@Suite("Averaged parameters")
struct AveragingTests {
    /// Five steps; returns the parameters after each.
    private func steps(_ optimizer: Optimizer, _ parameters: inout [Float]) -> [[Float]] {
        (0..<5).map { step in
            optimizer.beginUpdate()
            optimizer.update(
                0..<3, parameters: &parameters, gradient: [Float(step), -1, 0.5], clip: GradientClip(), rate: 0.1)
            return parameters
        }
    }

    private func mean(_ vectors: [[Float]]) -> [Float] {
        (0..<3).map { i in vectors.reduce(0) { $0 + $1[i] } / Float(vectors.count) }
    }

    private func expectClose(_ found: [Float], _ expected: [Float]) {
        #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-6 }, "\(found), not \(expected)")
    }

    @Test("The average of asgd is the mean of the parameters from the second update after its start on")
    func mean() {
        for start in [0, 2] {
            var settings = Settings()
            settings[ASGD.start] = start
            let optimizer = Optimizer(rule: ASGD(settings), count: 3)
            var parameters: [Float] = [1, 2, 3]
            let all = steps(optimizer, &parameters)
            let last = parameters
            optimizer.exchangeAverage(0..<3, parameters: &parameters)
            expectClose(parameters, mean(Array(all[(start + 1)...])))
            optimizer.exchangeAverage(0..<3, parameters: &parameters)
            #expect(parameters == last)
        }
    }

    @Test("The average of nt-asgd is the parameters themselves until it is begun, also after a resume")
    func begun() {
        let optimizer = Optimizer(rule: NTASGD(Settings()), count: 3)
        var parameters: [Float] = [1, 2, 3]
        _ = steps(optimizer, &parameters)
        #expect((0..<3).allSatisfy { optimizer.moments[0][$0] == parameters[$0] })
        optimizer.resume(updates: 5, averagingStart: 5)
        let all = steps(optimizer, &parameters)
        optimizer.exchangeAverage(0..<3, parameters: &parameters)
        expectClose(parameters, mean(Array(all[1...])))
    }
}
