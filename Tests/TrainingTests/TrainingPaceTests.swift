import Configuration
import Runs
import Testing
import Training

@Suite("The speed of a job and the time that is left")
struct TrainingPaceTests {
    private static let second: Int64 = 1_000_000_000

    /// A run of two epochs of 100 steps. Its job begins at `step`, 5 s after the start of the clock.
    private func pace(validateEvery: Int, validWindows: Int = 12, from step: Int = 0) -> TrainingPace {
        var configuration = TrainingConfiguration()
        (configuration.epochs, configuration.validateEvery) = (2, validateEvery)
        var pace = TrainingPace(configuration, windowCount: 100, validWindowCount: validWindows, now: 0)
        pace.begin(Self.state(step), now: 5 * Self.second)
        return pace
    }

    private static func state(_ step: Int) -> TrainingState {
        var state = TrainingState()
        (state.step, state.tokens) = (step, 7 * step)
        return state
    }

    /// The time that is left after twenty steps of half a second, none of which had a validation.
    private func secondsLeft(validateEvery: Int, validWindows: Int = 12) -> Double {
        pace(validateEvery: validateEvery, validWindows: validWindows).secondsLeft(Self.state(20), now: 15 * Self.second)
    }

    @Test("Before the first validation, each due one is expected to take a third of a step for each of its windows")
    func expectedValidations() {
        // 180 steps of half a second, and validations of 12 windows, which take 2 s.
        #expect(secondsLeft(validateEvery: 30) == 90 + 7 * 2, "after 30, 60, ..., 180 and 200 steps")
        #expect(secondsLeft(validateEvery: 50) == 90 + 4 * 2, "after 50, 100, 150 and 200 steps")
        #expect(secondsLeft(validateEvery: 0) == 90 + 2 * 2, "after each epoch")
        #expect(secondsLeft(validateEvery: 30, validWindows: 0) == 90, "without a validation text")
    }

    @Test("After a validation, each due one is expected to take as long, and its time does not count for the steps")
    func measuredValidation() {
        var pace = pace(validateEvery: 30)
        // Thirty steps of half a second, a validation of 8 s, ten steps, and a sample of 3 s.
        pace.noteValidation(start: 20 * Self.second, now: 28 * Self.second)
        #expect(pace.secondsLeft(Self.state(40), now: 33 * Self.second) == 80 + 6 * 8)
        pace.exclude(since: 33 * Self.second, now: 36 * Self.second)
        #expect(pace.secondsLeft(Self.state(40), now: 36 * Self.second) == 80 + 6 * 8)
        #expect(pace.tokensPerSecond(Self.state(40), now: 36 * Self.second) == 14)
        #expect(pace.secondsLeft(Self.state(199), now: 116 * Self.second) > 8.4)
        #expect(pace.secondsLeft(Self.state(200), now: 116 * Self.second) == 0)
    }

    @Test("A resumed job counts its own steps and the validations after them, and nothing is known before its first step")
    func resumed() {
        let pace = pace(validateEvery: 0, from: 120)
        #expect(pace.secondsLeft(Self.state(120), now: 6 * Self.second).isNaN)
        #expect(pace.secondsLeft(Self.state(140), now: 15 * Self.second) == 30 + 2)
    }
}
