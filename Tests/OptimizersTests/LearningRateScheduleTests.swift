import Optimizers
import Testing

@Suite("Learning rate schedules")
struct LearningRateScheduleTests {
    private func schedule(_ kind: ScheduleKind) -> LearningRateSchedule {
        LearningRateSchedule(kind: kind, initialRate: 2, decay: 0.5, decayAfter: 4)
    }

    @Test("A constant rate heeds nothing")
    func constant() {
        #expect(schedule(.constant).rate(step: 10_000, epoch: 99, plateaus: 7) == 2)
    }

    @Test("With step, each epoch after decayAfter multiplies the rate, whatever step and plateaus are")
    func step() {
        let rates = (1...7).map { schedule(.step).rate(step: 100 * $0, epoch: $0, plateaus: 3) }
        #expect(rates == [2, 2, 2, 2, 1, 0.5, 0.25])
    }

    @Test("With plateau, each evaluation without an improvement multiplies the rate")
    func plateau() {
        let rates = (0...3).map { schedule(.plateau).rate(step: 5, epoch: 50, plateaus: $0) }
        #expect(rates == [2, 1, 0.5, 0.25])
    }

    @Test("With inverse, the rate is g0 / (1 + g0 lambda t)")
    func inverse() {
        let rates = (0...3).map { schedule(.inverse).rate(step: $0, epoch: 9, plateaus: 2) }
        #expect(rates == [2, 1, 2.0 / 3, 0.5])
    }

    @Test("A rate is a pure function: asked again, in any order, it is the same", arguments: ScheduleKind.allCases)
    func pure(kind: ScheduleKind) {
        let schedule = schedule(kind)
        let forward = (0..<50).map { schedule.rate(step: $0, epoch: 1 + $0 / 5, plateaus: $0 / 10) }
        let backward = (0..<50).reversed().map { schedule.rate(step: $0, epoch: 1 + $0 / 5, plateaus: $0 / 10) }
        #expect(forward == backward.reversed())
        #expect(zip(forward, forward.dropFirst()).allSatisfy { $0 >= $1 && $1 > 0 })
    }
}
