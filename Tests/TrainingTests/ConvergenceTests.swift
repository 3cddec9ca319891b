import Runs
import Testing
import Training

@Suite("Convergence")
struct ConvergenceTests {
    /// Adds losses in turn, a hundred steps apart. Returns which of them were improvements.
    private func improvements(_ rule: ConvergenceRule, _ losses: [Double], _ state: inout ConvergenceState) -> [Bool] {
        losses.enumerated().map { rule.take(loss: $1, step: ($0 + 1) * 100, into: &state) }
    }

    @Test("An improvement is a fall by more than epsilon below the best, not below the last")
    func improvement() {
        var state = ConvergenceState()
        let rule = ConvergenceRule(epsilon: 0.125, patience: 0)
        #expect(improvements(rule, [4, 3.875, 3.75, 5, 3.8, 3.5], &state) == [true, false, true, false, false, true])
        #expect(state.bestLoss == 3.5 && state.bestStep == 600 && state.lastLoss == 3.5)
        #expect(state.withoutImprovement == 0 && state.plateaus == 3)
    }

    @Test("Without epsilon, an equal loss is not an improvement")
    func equality() {
        var state = ConvergenceState()
        #expect(improvements(ConvergenceRule(epsilon: 0, patience: 0), [2, 2, 2.0.nextDown], &state) == [true, false, true])
    }

    @Test("Consecutive validations without improvement end the run at `patience`; an improvement resets the count")
    func patience() {
        var state = ConvergenceState()
        let rule = ConvergenceRule(epsilon: 0, patience: 2)
        #expect(!rule.isConverged(state))
        var ends: [Bool] = []
        for (index, loss) in [3, 4, 2, 2.5, 2.25].enumerated() {
            _ = rule.take(loss: loss, step: index, into: &state)
            ends.append(rule.isConverged(state))
        }
        #expect(ends == [false, false, false, false, true])
        #expect(!ConvergenceRule(epsilon: 0, patience: 3).isConverged(state), "patience may be raised on resume")
        #expect(!ConvergenceRule(epsilon: 0, patience: 0).isConverged(state), "0 disables it")
    }

    @Test("A loss that is not finite is not an improvement, even the first", arguments: [Double.nan, .infinity])
    func notFinite(loss: Double) {
        var state = ConvergenceState()
        let rule = ConvergenceRule(epsilon: 0, patience: 2)
        #expect(!rule.take(loss: loss, step: 1, into: &state))
        #expect(state.bestLoss == nil && state.lastLoss == nil && state.withoutImprovement == 1)
        #expect(rule.take(loss: 9, step: 2, into: &state))
    }
}

@Suite("Flags of a step")
struct StepFlagsTests {
    @Test("Signals request a stop; the clock of rank 0 does not")
    func stopping() {
        #expect(!StepFlags(rawValue: 0).asksToStop)
        #expect(!StepFlags.checkpointTime.asksToStop)
        for signals: Int32 in [1, 2, 3] {
            #expect(StepFlags(rawValue: signals).asksToStop)
            #expect(StepFlags(rawValue: signals | StepFlags.checkpointTime.rawValue).contains(.checkpointTime))
        }
    }

    @Test("Flags contain the reason: the user's signal, the time limit, or the end of the job")
    func reasons() {
        #expect(StepFlags.checkpointTime.stopReason == nil)
        #expect(StepFlags(rawValue: 1 | 2).stopReason == .signal("SIGUSR1"))
        #expect(StepFlags(rawValue: 2 | 4).stopReason == .signal("SIGINT"))
        #expect(StepFlags(rawValue: 8).stopReason == .signal("SIGHUP"))
        #expect(StepFlags(rawValue: 2 | 16).stopReason == .signal("SIGUSR2"))
        #expect(StepFlags(rawValue: 2 | 32).stopReason == .signal("SIGXCPU"))
        #expect(StepFlags(rawValue: 2).union(.timeLimitIsNear).stopReason == .signal("SIGTERM"))
        #expect(StepFlags.timeLimitIsNear.stopReason == .timeLimit && StepFlags.jobEndIsNear.stopReason == .jobEnd)
    }

    @Test("The average begins after the first validation that is worse than the best of those an interval before")
    func averaging() {
        var state = AveragingState()
        for (number, loss) in [5, 4, 4.5, 3.9, 3.95, 4.1, 4.2].enumerated() {
            state.take(loss: loss, updates: 10 * (number + 1), interval: 2)
            // 4.1 is worse than 4, after which came two validations and more.
            #expect(state.start == (number < 5 ? nil : 60), "\(loss)")
        }
    }
}
