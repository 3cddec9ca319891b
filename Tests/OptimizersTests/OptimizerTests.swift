import Kinds
import Optimizers
import Tensors
import TestSupport
import Testing

extension SeededRandom {
    mutating func floats(_ count: Int) -> [Float] { (0..<count).map { _ in Float.random(in: -1...1, using: &self) } }
}

/// Every registered rule, with and without the settings that change its arithmetic.
private let everyRule: [any UpdateRule] = OptimizerKind.allCases.flatMap { name in
    [0, 0.1].flatMap { decay in
        [0, 0.9].map { momentum in
            var settings = Settings()
            settings[RuleSettings.weightDecay] = decay
            settings[RuleSettings.momentum] = momentum
            return UpdateRules.rule(name, settings)
        }
    }
}

@Suite("Updates with every instruction set", .serialized)
struct OptimizerTests {
    /// Relative to the largest magnitude so far, because a parameter near zero keeps the rounding errors of its earlier values.
    @Test("Five steps equal those of torch.optim within 1e-6 of each parameter's magnitude")
    func golden() throws {
        let fixture = try OptimizerFixture.load()
        // This check fails for a rule without reference values from PyTorch.
        #expect(Set(fixture.runs.map(\.optimizer)) == Set(OptimizerKind.allCases.map(\.rawValue)))
        try Processor.atEachLevel { level in
            for run in fixture.runs {
                let optimizer = Optimizer(rule: try run.rule(), count: fixture.initial.count)
                var parameters = fixture.initial.map { Float($0) }
                var magnitudes = fixture.initial.map { abs($0) }
                for (step, gradient) in fixture.gradients.enumerated() {
                    optimizer.step(
                        parameters: &parameters, gradient: gradient.map { Float($0) }, clip: GradientClip(),
                        rate: Float(run.learningRate))
                    magnitudes = zip(magnitudes, run.parameters[step]).map { max($0, abs($1)) }
                    let errors = zip(parameters, run.parameters[step]).map { abs(Double($0) - $1) }
                    let worst = try #require(zip(errors, magnitudes).map { $0 / $1 }.max())
                    #expect(worst < 1e-6, "\(level), \(run), step \(step + 1): relative error \(worst)")
                }
            }
        }
    }

    /// Three steps over `ranges` of 1000 parameters, with one optimiser for each range. Returns the parameters, then the moments.
    private func threeSteps(_ rule: any UpdateRule, ranges: [Range<Int>], clip: GradientClip) -> [[Float]] {
        var random = SeededRandom(state: 6)
        var parameters = random.floats(1000)
        let optimizers = ranges.map { Optimizer(rule: rule, count: $0.count) }
        for _ in 0..<3 {
            let gradient = random.floats(1000)
            for (range, optimizer) in zip(ranges, optimizers) {
                parameters.withUnsafeMutableBufferPointer { parameters in
                    gradient.withUnsafeBufferPointer { gradient in
                        guard let p = parameters.baseAddress, let g = gradient.baseAddress else { return }
                        optimizer.step(
                            parameters: p + range.lowerBound, gradient: g + range.lowerBound, clip: clip, rate: 0.05)
                    }
                }
            }
        }
        let moments = rule.moments.indices.map { index in
            zip(ranges, optimizers).flatMap { Array(UnsafeBufferPointer(start: $1.moments[index], count: $0.count)) }
        }
        return [parameters] + moments
    }

    @Test("Updating a range in parts gives the same bits as at once, including moments, at each level")
    func parts() {
        let clip = GradientClip(scale: 0.7, limit: 0.5)
        for rule in everyRule {
            let whole = threeSteps(rule, ranges: [0..<1000], clip: clip)
            Processor.atEachLevel { level in
                #expect(threeSteps(rule, ranges: [0..<1000], clip: clip) == whole, "\(level), \(rule)")
                for cut in [1, 7, 16, 500, 993] {
                    let parts = threeSteps(rule, ranges: [0..<cut, cut..<1000], clip: clip)
                    #expect(parts == whole, "\(level), \(rule), cut at \(cut)")
                }
                #expect(threeSteps(rule, ranges: [0..<0, 0..<3, 3..<1000], clip: clip) == whole, "\(level), \(rule)")
            }
        }
    }

    @Test("The checksum matches what a rule writes, and a bit that flips between updates is detected")
    func watched() {
        for rule in everyRule {
            let optimizer = Optimizer(rule: rule, count: 100)
            var random = SeededRandom(state: 4)
            var parameters = random.floats(100)
            optimizer.watchOver(parameters: parameters)
            for _ in 0..<2 {
                optimizer.step(parameters: &parameters, gradient: random.floats(100), clip: GradientClip(), rate: 0.1)
            }
            #expect(optimizer.examine(parameters: parameters) == .sound, "\(rule)")
            parameters[17] = Float(bitPattern: parameters[17].bitPattern ^ 4)
            #expect(optimizer.examine(parameters: parameters) == .changed, "\(rule)")
        }
    }

    /// One step of plain SGD at rate 1 from zero: minus the clipped gradient.
    private func clipped(_ gradient: [Float], _ clip: GradientClip) -> [Float] {
        var parameters = [Float](repeating: 0, count: gradient.count)
        Optimizer(rule: SGD(Settings()), count: gradient.count)
            .step(parameters: &parameters, gradient: gradient, clip: clip, rate: 1)
        return parameters.map { -$0 }
    }

    @Test("Clipping multiplies by the scale, then clamps at the limit; a limit of 0 does not clamp")
    func clip() {
        let gradient: [Float] = [3, -3, 0.5, -0.5, 0, 1, -1, 8, -8, 100, -100, 0.25, 2, -2, 1.5, -1.5, 4, -4]
        Processor.atEachLevel { level in
            #expect(clipped(gradient, GradientClip()) == gradient, "\(level)")
            #expect(clipped(gradient, GradientClip(scale: 0.25)) == gradient.map { $0 * 0.25 }, "\(level)")
            #expect(clipped(gradient, GradientClip(limit: 1)) == gradient.map { min(1, max(-1, $0)) }, "\(level)")
            let both = gradient.map { min(1, max(-1, $0 * 0.5)) }
            #expect(clipped(gradient, GradientClip(scale: 0.5, limit: 1)) == both, "\(level)")
            #expect(clipped([.nan], GradientClip(limit: 1))[0].isNaN, "\(level)")
        }
    }

    @Test("Every rule clips, and the first step of Adam moves each parameter by the rate")
    func clipInEveryRule() {
        for rule in everyRule {
            let plain = threeSteps(rule, ranges: [0..<1000], clip: GradientClip())
            #expect(threeSteps(rule, ranges: [0..<1000], clip: GradientClip(scale: 0.5, limit: 0.01)) != plain, "\(rule)")
        }
        var parameters: [Float] = [0, 0]
        Optimizer(rule: Adam(Settings()), count: 2)
            .step(parameters: &parameters, gradient: [5, -0.01], clip: GradientClip(), rate: 0.25)
        #expect(abs(parameters[0] + 0.25) < 1e-6 && abs(parameters[1] - 0.25) < 1e-6)
    }

    @Test("An optimiser that receives moments and count continues with the same bits")
    func takingOver() {
        for rule in everyRule {
            let first = Optimizer(rule: rule, count: 20)
            var random = SeededRandom(state: 2)
            var parameters = random.floats(20)
            let gradients = (0..<4).map { _ in random.floats(20) }
            for gradient in gradients[..<2] {
                first.step(parameters: &parameters, gradient: gradient, clip: GradientClip(), rate: 0.1)
            }
            let second = Optimizer(rule: rule, count: 20)
            second.updateCount = first.updateCount
            for (from, to) in zip(first.moments, second.moments) { to.update(from: from, count: 20) }
            var copy = parameters
            for gradient in gradients[2...] {
                first.step(parameters: &parameters, gradient: gradient, clip: GradientClip(), rate: 0.1)
                second.step(parameters: &copy, gradient: gradient, clip: GradientClip(), rate: 0.1)
            }
            #expect(copy == parameters, "\(rule)")
            #expect(second.updateCount == 4)
        }
    }

    @Test("A rule has the moments that it needs, all initially zero")
    func moments() {
        #expect(SGD(Settings()).moments.isEmpty)
        var settings = Settings()
        settings[RuleSettings.momentum] = 0.5
        #expect(SGD(settings).moments == ["velocity"])
        #expect(AdamW(Settings()).moments == ["first_moment", "second_moment"])
        let optimizer = Optimizer(rule: Adam(Settings()), count: 9)
        #expect(optimizer.moments.count == 2)
        withExtendedLifetime(optimizer) {
            #expect(optimizer.moments.allSatisfy { moment in (0..<9).allSatisfy { moment[$0] == 0 } })
        }
    }
}

extension Optimizer {
    /// One update of all elements.
    fileprivate func step(
        parameters: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>, clip: GradientClip, rate: Float
    ) {
        beginUpdate()
        update(0..<count, parameters: parameters, gradient: gradient, clip: clip, rate: rate)
    }
}
