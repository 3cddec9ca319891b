import Foundation
import TestSupport
import Testing

@Suite("Hard links of files that a job writes in place")
struct HardLinkTests {
    @Test("verify reports them with status 74, as a job would refuse them", arguments: ["metrics.jsonl", "lock"])
    func verify(name: String) throws {
        let options = ["--hidden-size", "4", "--embedding-size", "4", "--batch-size", "4", "--bptt", "20", "--epochs", "1"]
        let texts = try TrainingFolder(options: options, lines: 20, validLines: 5)
        try #require(try ProgramRun.alone("rnntrain", texts.arguments(run: "run"), folder: texts.folder).status == 0)
        try FileManager.default.linkItem(atPath: texts.path("run/\(name)"), toPath: texts.path("second"))
        for command in [["verify", texts.path("run")], ["--run", texts.path("run"), "--resume", "--epochs", "2"]] {
            let outcome = try ProgramRun.alone("rnntrain", command, folder: texts.folder)
            #expect(outcome.status == 74 && outcome.errors.contains("run/\(name) has 2 hard links"), "\(outcome)")
        }
    }
}
