import Configuration
import Testing

@Suite("Time spans")
struct TimeSpanTests {
    @Test(
        "Numbers with units, and SLURM's way, are read",
        arguments: [
            ("90", 90), ("90s", 90), ("0", 0), ("1.5 hours", 5400), ("5 minutes", 300), ("1 minute", 60), ("30m", 1800),
            ("2d", 172_800), ("05:00", 300), ("04:00:00", 14400), ("1-12:00:00", 129_600),
            ("1-12", 129_600), ("1-05:00", 104_400), ("0-00:30", 1800), ("1e-2s", 0.01),
        ])
    func read(text: String, seconds: Double) {
        #expect(TimeSpan(text)?.seconds == seconds)
    }

    @Test(
        "All else is refused",
        arguments: [
            "", "-5", "m", "5 weeks", "5 5 m", "1:2:3:4", "1-2:3:4:5", "1-", "5-m", "1-2-3", "a:00", "1--1:00:00", "nan", "inf h",
            ":", "٣ s", "5 m x",
            "-1:00",
            "1-2-3:00:00",
        ])
    func refused(text: String) {
        #expect(TimeSpan(text) == nil)
    }

    @Test("A description is parsed to the same time span", arguments: [0, 1, 59, 60, 90, 3600, 5400, 86400, 172_800, 0.25])
    func described(seconds: Double) {
        #expect(TimeSpan(TimeSpan(seconds: seconds).description) == TimeSpan(seconds: seconds))
    }

    @Test("A time span is written in the largest unit that divides it")
    func units() {
        let written = [300, 90, 86400, 7200].map { TimeSpan(seconds: $0).description }
        #expect(written == ["5 minutes", "90 seconds", "1 day", "2 hours"])
    }
}
