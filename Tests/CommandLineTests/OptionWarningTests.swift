import TestSupport
import Testing

@Suite("Options that suit each other badly")
struct OptionWarningTests {
    @Test("An adaptive softmax over bytes is warned of at the start of a run, without advice for its clusters, and not on resume")
    func ranks() throws {
        let texts = try TrainingFolder(
            options: ["--hidden-size", "4", "--embedding-size", "4", "--batch-size", "4", "--bptt", "20", "--layers", "1"],
            lines: 50, validLines: 10)
        let options = ["--tokens", "byte", "--output", "adaptive", "--epochs", "1"]
        let run = try ProgramRun.alone("rnntrain", texts.arguments(run: "run", options), folder: texts.folder)
        #expect(run.status == 0 && run.errors.contains("rnntrain: warning: the tokens of --tokens byte are not"), "\(run)")
        #expect(!run.errors.contains("--cutoffs"), "\(run)")
        let resumed = try ProgramRun.alone(
            "rnntrain", ["--run", texts.path("run"), "--resume", "--epochs", "2"], folder: texts.folder)
        #expect(resumed.status == 0 && !resumed.errors.contains("not numbered by frequency"), "\(resumed)")
    }
}
