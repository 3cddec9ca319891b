import Foundation
import Kinds
import Optimizers
import Testing

@Suite("Learning rate schedules")
struct LearningRateScheduleTests {
    /// The rate, with an initial rate of 2.
    private func rate(_ kind: String, updates: Int, epoch: Int, plateaus: Int, progress: Double = 0) throws -> Double {
        var settings = Settings()
        settings[ScheduleSettings.decayRate] = 0.5
        let schedule = Schedules.schedule(try #require(ScheduleKind(rawValue: kind)), settings)
        return schedule.rate(2, at: SchedulePlace(updates: updates, epoch: epoch, plateaus: plateaus, progress: progress))
    }

    @Test("A constant rate does not change")
    func constant() throws {
        #expect(try rate("constant", updates: 10_000, epoch: 99, plateaus: 7) == 2)
    }

    @Test("With step, each epoch after decayAfter multiplies the rate, independently of step and plateaus")
    func step() throws {
        let rates = try (1...7).map { try rate("step", updates: 100 * $0, epoch: $0, plateaus: 3) }
        #expect(rates == [2, 2, 2, 2, 1, 0.5, 0.25])
    }

    @Test("With plateau, each evaluation without an improvement multiplies the rate")
    func plateau() throws {
        let rates = try (0...3).map { try rate("plateau", updates: 5, epoch: 50, plateaus: $0) }
        #expect(rates == [2, 1, 0.5, 0.25])
    }

    @Test("With inverse, the rate is g0 / (1 + g0 lambda t)")
    func inverse() throws {
        let rates = try (0...3).map { try rate("inverse", updates: $0, epoch: 9, plateaus: 2) }
        #expect(rates == [2, 1, 2.0 / 3, 0.5])
    }

    @Test("With cosine, the rate is g (1 + cos(pi x)) / 2 after the share x of the run's steps, within 1e-15 of g")
    func cosine() throws {
        for step in 0...100 {
            let share = Double(step) / 100
            let rate = try rate("cosine", updates: 0, epoch: 1, plateaus: 3, progress: share)
            #expect(abs(rate - (1 + cos(Double.pi * share))) < 2e-15, "\(share)")
        }
    }

    @Test("With linear, the rate falls from g to 0 with the share of the run's steps")
    func linear() throws {
        let rates = try [0, 0.25, 0.5, 1].map { try rate("linear", updates: 7, epoch: 2, plateaus: 1, progress: $0) }
        #expect(rates == [2, 1.5, 1, 0])
    }

    @Test("With inverse-time, the rate of the t-th update is 1 / (lambda t), but at most the initial rate")
    func inverseTime() throws {
        let rates = try [0, 1, 3, 9].map { try rate("inverse-time", updates: $0, epoch: 1, plateaus: 2) }
        #expect(rates == [2, 1, 0.5, 0.2])
    }

    @Test("A rate is a pure function: repeated calls, in any order, return the same value", arguments: ScheduleKind.allCases)
    func pure(kind: ScheduleKind) {
        let schedule = Schedules.schedule(kind)
        let places = (0..<50).map { SchedulePlace(updates: $0, epoch: 1 + $0 / 5, plateaus: $0 / 10, progress: Double($0) / 50) }
        let forward = places.map { schedule.rate(2, at: $0) }
        let backward = places.reversed().map { schedule.rate(2, at: $0) }
        #expect(forward == backward.reversed())
        #expect(zip(forward, forward.dropFirst()).allSatisfy { $0 >= $1 && $1 > 0 })
    }
}
