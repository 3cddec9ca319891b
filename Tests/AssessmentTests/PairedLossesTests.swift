import Assessment
import Testing

@Suite("Paired losses")
struct PairedLossesTests {
    @Test("Tokens that only one model scored are left out, and ties are apart")
    func tokens() {
        var losses = PairedLosses()
        losses.append(tokens: [9, 1, 2], [1, 1])
        losses.append(tokens: [], [])
        losses.append(tokens: [3], [4])
        #expect(losses.unitCount == 3 && losses.blockCount == 2)
        #expect(losses.firstLoss == 2 && losses.secondLoss == 2 && losses.difference == 0)
        #expect(losses.better == (1, 1, 1))
    }

    @Test("The sums are those of the tokens in the order of the text, not of the lines")
    func order() {
        // Each 1 is lost beside 1e16, but their sum would not be.
        var tokens = PairedLosses()
        var lines = PairedLosses()
        for line in [[1e16, 1], [1, 1]] {
            tokens.append(tokens: line, line)
            lines.append(line: line, line, units: 2)
        }
        for losses in [tokens, lines] {
            #expect(losses.firstLoss == 1e16 / 4 && losses.secondLoss == 1e16 / 4 && losses.difference == 0)
        }
    }

    @Test("Lines are divided by their units")
    func lines() {
        var losses = PairedLosses()
        losses.append(line: [1, 2], [6], units: 4)
        losses.append(line: [1], [2], units: 1)
        #expect(losses.firstLoss == 0.8 && losses.secondLoss == 1.6 && losses.better == (2, 0, 0))
    }

    private func losses(_ count: Int) -> PairedLosses {
        var losses = PairedLosses()
        for line in 0..<count { losses.append(tokens: [Double(line % 7)], [Double(line % 7) + (line % 2 == 0 ? 0.75 : -1.25)]) }
        return losses
    }

    @Test("The interval is that of the normal approximation, and depends on the seed alone")
    func interval() throws {
        // The differences are -0.75 and 1.25, each with probability 1/2: mean 0.25, standard deviation 1.
        let losses = losses(400)
        #expect(abs(losses.difference - 0.25) < 1e-12)
        let interval = try #require(losses.interval(resamples: 4000, seed: 1))
        #expect(abs(interval.low - (0.25 - 1.96 / 20)) < 0.015 && abs(interval.high - (0.25 + 1.96 / 20)) < 0.015, "\(interval)")
        #expect(losses.interval(resamples: 4000, seed: 1) == interval && losses.interval(resamples: 4000, seed: 2) != interval)
    }

    @Test("Equal models have the interval 0 to 0, and one line has none")
    func limits() {
        var equal = PairedLosses()
        for line in 0..<10 { equal.append(tokens: [Double(line), 1], [Double(line), 1]) }
        #expect(equal.interval(resamples: 100, seed: 1) == Interval(low: 0, high: 0) && equal.better.neither == 20)
        #expect(losses(1).interval(resamples: 100, seed: 1) == nil)
    }
}
