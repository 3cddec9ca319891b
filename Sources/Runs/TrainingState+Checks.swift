package import Configuration

extension TrainingState {
    /// An upper bound for every counter of a run. It is small enough that the sum of two counters does not overflow, and that
    /// their floating-point value is exact.
    private static let most = 1 << 53

    /// Why no run with this configuration can be in this state, as a clause with the value; nil if one can.
    package func contradiction(_ configuration: TrainingConfiguration) -> String? {
        impossibleCount ?? impossiblePosition ?? impossibleTokens(configuration) ?? impossibleSums ?? impossibleConvergence
            ?? impossibleScale ?? impossibleAverage
    }

    /// Why a text with this number of windows does not have this position, as a clause; nil if it has.
    package func contradiction(windowCount: Int) -> String? {
        guard window < windowCount else {
            return "its state is at window \(window) of an epoch, counted from 0, but the training text has \(windowCount)"
        }
        // Uses a difference, because the product could overflow.
        let before = (step - window).quotientAndRemainder(dividingBy: windowCount)
        guard before.remainder == 0, before.quotient == epoch - 1 else {
            return
                "its state is after \(step) steps at window \(window) of epoch \(epoch), but an epoch has \(windowCount) windows"
        }
        return nil
    }

    private var impossibleCount: String? {
        let counts = [
            ("step", step, 0), ("epoch", epoch, 1), ("window", window, 0), ("updates", updates, 0), ("tokens", tokens, 0),
            ("skippedInARow", skippedInARow, 0), ("bestStep", convergence.bestStep, 0),
            ("withoutImprovement", convergence.withoutImprovement, 0), ("plateaus", convergence.plateaus, 0),
            ("interval.steps", interval.steps, 0), ("interval.tokens", interval.tokens, 0),
            ("interval.clipped", interval.clipped, 0), ("interval.skipped", interval.skipped, 0),
        ]
        let bad = counts.first { !($0.2...Self.most).contains($0.1) }
        return bad.map { "its state has \($0.0) \($0.1); possible are \($0.2) to \(Self.most)" }
    }

    /// Every epoch has the same number of windows.
    private var impossiblePosition: String? {
        let place = "its state is after \(step) steps at window \(window) of epoch \(epoch)"
        guard epoch > 1 else { return step == window ? nil : place }
        guard step > window else { return place }
        let before = (step - window).quotientAndRemainder(dividingBy: epoch - 1)
        return before.remainder == 0 && window < before.quotient ? nil : place
    }

    private func impossibleTokens(_ configuration: TrainingConfiguration) -> String? {
        let most = Double(step) * Double(configuration.batchSize) * Double(configuration.mostSteps)
        if tokens < step || Double(tokens) > most { return "its state has \(tokens) tokens after \(step) steps" }
        if updates > step { return "its state has \(updates) updates after \(step) steps" }
        if skippedInARow > step - updates {
            return "its state has \(skippedInARow) skipped updates, but \(step - updates) are missing"
        }
        return nil
    }

    private var impossibleSums: String? {
        if interval.steps > step || interval.tokens > tokens || max(interval.clipped, interval.skipped) > interval.steps {
            return "its state has more in the interval (\(interval.steps) steps, \(interval.tokens) tokens) than in total"
        }
        return interval.loss.isFinite ? nil : "its state has the loss \(interval.loss) in the interval"
    }

    private var impossibleConvergence: String? {
        let c = convergence
        for (name, loss) in [("bestLoss", c.bestLoss), ("lastLoss", c.lastLoss)] {
            // A mean negative log likelihood. Rounding may make it slightly negative.
            if let loss, !(loss.isFinite && loss > -1e-3) { return "its state has \(name) \(loss)" }
        }
        for (name, place) in [("bestStep", c.bestStep), ("lastStep", c.lastStep ?? 0)] where !(0...step).contains(place) {
            return "its state has \(name) \(place) after \(step) steps"
        }
        if (c.bestLoss == nil) != (c.bestStep == 0) {
            return "its state has a best loss without its step, or a step without its loss"
        }
        if c.withoutImprovement > c.plateaus || c.plateaus > step {
            return
                "its state has \(c.withoutImprovement) validations in a row without improvement, \(c.plateaus) in total, and \(step) steps"
        }
        return nil
    }

    private var impossibleAverage: String? {
        guard let start = averaging?.start, !(0...updates).contains(start) else { return nil }
        return "its state has an average from update \(start) on after \(updates) updates"
    }

    private var impossibleScale: String? {
        guard let rateScale, !(rateScale > 0 && rateScale <= 1) else { return nil }
        return "its state has rateScale \(rateScale); it must be above 0 and at most 1"
    }
}
