import Testing
import Training

@Suite("The interval between checkpoints")
struct ConfigurationCheckpointIntervalTests {
    @Test(
        "Steps and minutes are read",
        arguments: [
            ("500", CheckpointInterval.steps(500)), ("500 steps", .steps(500)), ("1 step", .steps(1)),
            ("10m", .minutes(10)), ("10 minutes", .minutes(10)), ("0.5 min", .minutes(0.5)), ("1 minute", .minutes(1)),
        ])
    func read(text: String, interval: CheckpointInterval) {
        #expect(CheckpointInterval(text) == interval)
    }

    @Test(
        "All else is refused",
        arguments: [
            "", "0", "-5", "1.5", "0m", "m", "10 h", "ten", "5 stepss", "1.2.3m", "9999999999999999999999", "1e m", "5 5 m x",
            "nan m", "٣ steps",
        ])
    func refused(text: String) {
        #expect(CheckpointInterval(text) == nil)
    }

    @Test(
        "A description is read as the same interval",
        arguments: [
            CheckpointInterval.steps(7), .minutes(10), .minutes(0.25), .minutes(1.0 / 3), .minutes(1e-7), .minutes(1e300),
        ])
    func described(interval: CheckpointInterval) {
        #expect(CheckpointInterval(interval.description) == interval)
    }
}
