import Configuration
import Testing

@Suite("The interval between checkpoints")
struct ConfigurationCheckpointIntervalTests {
    @Test(
        "Steps and times with a unit are read",
        arguments: [
            ("500", CheckpointInterval.steps(500)), ("500 steps", .steps(500)), ("1 step", .steps(1)),
            ("10m", .time(TimeSpan(seconds: 600))), ("10 minutes", .time(TimeSpan(seconds: 600))),
            ("0.5 min", .time(TimeSpan(seconds: 30))), ("90s", .time(TimeSpan(seconds: 90))),
            ("1h", .time(TimeSpan(seconds: 3600))), ("2 days", .time(TimeSpan(seconds: 172_800))),
            ("04:00:00", .time(TimeSpan(seconds: 14400))),
        ])
    func read(text: String, interval: CheckpointInterval) {
        #expect(CheckpointInterval(text) == interval)
    }

    @Test(
        "Other texts are refused",
        arguments: [
            "", "0", "-5", "1.5", "0m", "m", "10 weeks", "ten", "5 stepss", "5 5 steps", "1.2.3m", "9999999999999999999999",
            "1e m", "5 5 m x",
            "nan m", "٣ steps",
        ])
    func refused(text: String) {
        #expect(CheckpointInterval(text) == nil)
    }

    @Test(
        "A description is read as the same interval",
        arguments: [
            CheckpointInterval.steps(7), .time(TimeSpan(seconds: 600)), .time(TimeSpan(seconds: 15)),
            .time(TimeSpan(seconds: 1.0 / 3)), .time(TimeSpan(seconds: 0.01)), .time(TimeSpan(seconds: 1e300)),
        ])
    func described(interval: CheckpointInterval) {
        #expect(CheckpointInterval(interval.description) == interval)
    }
}
