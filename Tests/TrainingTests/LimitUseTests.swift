import Configuration
import Testing
import Training

@Suite("The use of a time limit")
struct LimitUseTests {
    @Test("A job that spends most of its limit on steps gives no warning")
    func most() {
        let use = LimitUse(reason: .timeLimit, steps: 1340, stepSeconds: 52.3, limitSeconds: 60)
        #expect(use.text == "1,340 steps in 52.3 s, 87 % of the time limit of 60 s")
        #expect(use.warning == nil)
        // The limit passed while the job was suspended.
        let late = LimitUse(reason: .timeLimit, steps: 37, stepSeconds: 9.5, limitSeconds: 7)
        #expect(late.text == "37 steps in 9.5 s, 136 % of the time limit of 7 s")
        #expect(LimitUse(reason: .timeLimit, steps: 2, stepSeconds: 7, limitSeconds: 7).text.contains(", 100 % of "))
    }

    @Test("A limit that leaves almost no time for steps is reported, with one that does")
    func almostNone() {
        let use = LimitUse(reason: .timeLimit, steps: 1, stepSeconds: 0.01, limitSeconds: 1)
        let warning =
            "the time limit of 1 s left time for 1 step in 0.01 s only (1 %); the start and the checkpoint need the rest. "
        #expect(use.warning == warning + "Use --time-limit \"10 seconds\" or more.")
        let job = LimitUse(reason: .jobEnd, steps: 3, stepSeconds: 5, limitSeconds: 65)
        #expect(job.warning?.hasSuffix("Request a job of 10 minutes or more.") == true)
        #expect(TimeSpan("\(job.sufficient)") == job.sufficient)
    }
}
