import Communication
package import Configuration
package import Runs

/// The speed of this job, and the remaining time of the run. Times are nanoseconds of the monotonic clock, and `now` is its time.
package struct TrainingPace {
    /// Steps of all epochs.
    private let stepCount: Int
    private let stepsPerEpoch: Int
    /// Steps between validations; 0: after each epoch.
    private let validateEvery: Int
    /// Windows of the validation text; 0 without one.
    private let validWindowCount: Int

    private var beginning: Int64
    private var stepsAtBeginning = 0
    private var validationTime: Int64 = 0
    private var lastValidation: Int64?
    private var intervalStart: Int64
    private var tokensAtIntervalStart = 0

    /// The time of a forward pass as a part of a step's.
    private static let validationShare = 1.0 / 3

    package init(
        _ configuration: TrainingConfiguration, windowCount: Int, validWindowCount: Int, now: Int64 = MonotonicClock.nanoseconds
    ) {
        stepsPerEpoch = windowCount
        let (product, overflow) = windowCount.multipliedReportingOverflow(by: configuration.epochs)
        stepCount = overflow ? Int.max : product
        validateEvery = configuration.validateEvery
        self.validWindowCount = validWindowCount
        beginning = now
        intervalStart = beginning
    }

    /// Starts the measurement at `state`.
    package mutating func begin(_ state: TrainingState, now: Int64 = MonotonicClock.nanoseconds) {
        (beginning, stepsAtBeginning, validationTime) = (now, state.step, 0)
        beginInterval(state, now: now)
    }

    /// Starts a new interval after a log line.
    package mutating func beginInterval(_ state: TrainingState, now: Int64 = MonotonicClock.nanoseconds) {
        (intervalStart, tokensAtIntervalStart) = (now, state.tokens)
    }

    /// Excludes a validation that began at `start` from the time of the steps.
    package mutating func noteValidation(start: Int64, now: Int64 = MonotonicClock.nanoseconds) {
        lastValidation = now - start
        exclude(since: start, now: now)
    }

    /// Excludes the time since `start` from the time of the steps.
    package mutating func exclude(since start: Int64, now: Int64 = MonotonicClock.nanoseconds) {
        let time = now - start
        validationTime += time
        intervalStart += time
    }

    /// The speed of all ranks since the last log line.
    package func tokensPerSecond(_ state: TrainingState, now: Int64 = MonotonicClock.nanoseconds) -> Double {
        Double(state.tokens - tokensAtIntervalStart) / max(1e-9, Double(now - intervalStart) / 1e9)
    }

    /// The time to the end of all epochs, with validations; NaN before the first step.
    package func secondsLeft(_ state: TrainingState, now: Int64 = MonotonicClock.nanoseconds) -> Double {
        let done = state.step - stepsAtBeginning
        guard done > 0 else { return .nan }
        let step = Double(now - beginning - validationTime) / 1e9 / Double(done)
        let validation = lastValidation.map { Double($0) / 1e9 } ?? step * Double(validWindowCount) * Self.validationShare
        return step * Double(max(0, stepCount - state.step)) + validation * Double(validationsLeft(after: state.step))
    }

    private func validationsLeft(after step: Int) -> Int {
        guard validWindowCount > 0, step < stepCount else { return 0 }
        guard validateEvery > 0 else { return stepCount / stepsPerEpoch - step / stepsPerEpoch }
        // The last validation, unless it falls on a multiple.
        return stepCount / validateEvery - step / validateEvery + (stepCount % validateEvery == 0 ? 0 : 1)
    }
}
