import Communication

/// How fast this job trains, and how long the run still takes. Times are nanoseconds of the monotonic clock.
struct TrainingPace {
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

    /// A forward pass is about a third of a step.
    private static let validationShare = 1.0 / 3

    init(_ configuration: TrainingConfiguration, windowCount: Int, validWindowCount: Int) {
        stepsPerEpoch = windowCount
        let (product, overflow) = windowCount.multipliedReportingOverflow(by: configuration.epochs)
        stepCount = overflow ? Int.max : product
        validateEvery = configuration.validateEvery
        self.validWindowCount = validWindowCount
        beginning = MonotonicClock.nanoseconds
        intervalStart = beginning
    }

    /// Steps begin now, after `state`.
    mutating func begin(_ state: TrainingState) {
        (beginning, stepsAtBeginning, validationTime) = (MonotonicClock.nanoseconds, state.step, 0)
        beginInterval(state)
    }

    /// A line of the log was written.
    mutating func beginInterval(_ state: TrainingState) {
        (intervalStart, tokensAtIntervalStart) = (MonotonicClock.nanoseconds, state.tokens)
    }

    /// A validation that began at `start` is done: its time is none of the steps'.
    mutating func noteValidation(start: Int64) {
        let time = MonotonicClock.nanoseconds - start
        lastValidation = time
        validationTime += time
        intervalStart += time
    }

    /// Of all ranks, since the last line of the log.
    func tokensPerSecond(_ state: TrainingState) -> Double {
        Double(state.tokens - tokensAtIntervalStart) / max(1e-9, Double(MonotonicClock.nanoseconds - intervalStart) / 1e9)
    }

    /// To the end of all epochs, validations included; not a number before the first step.
    func secondsLeft(_ state: TrainingState) -> Double {
        let done = state.step - stepsAtBeginning
        guard done > 0 else { return .nan }
        let step = Double(MonotonicClock.nanoseconds - beginning - validationTime) / 1e9 / Double(done)
        let validation = lastValidation.map { Double($0) / 1e9 } ?? step * Double(validWindowCount) * Self.validationShare
        return step * Double(max(0, stepCount - state.step)) + validation * Double(validationsLeft(after: state.step))
    }

    private func validationsLeft(after step: Int) -> Int {
        guard validWindowCount > 0, step < stepCount else { return 0 }
        guard validateEvery > 0 else { return stepCount / stepsPerEpoch - step / stepsPerEpoch }
        // One more at the end, unless it falls on a multiple.
        return stepCount / validateEvery - step / validateEvery + (stepCount % validateEvery == 0 ? 0 : 1)
    }
}
