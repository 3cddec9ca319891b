import Foundation
import TestSupport
import Testing

extension TrainingOverRanks {
    @Suite("A change of a token file during training ends all ranks with one message", .serialized)
    struct ChangedInputTests {
        private let texts: TrainingFolder

        init() throws { texts = try TrainingFolder(lines: 100) }

        @Test(
            "A token file is overwritten in place or shortened",
            arguments: [
                ("train", false, "its tokens are damaged"), ("valid", false, "its tokens are damaged"),
                ("train", true, "the file was shortened from "), ("valid", true, "the file was shortened from "),
            ])
        func changed(role: String, shortens: Bool, says: String) throws {
            let options = ["--epochs", "100000", "--validate-every", "20", "--checkpoint-every", "10 steps"]
            let program = try texts.start(ranks: 2, run: "run", options)
            #expect(waitFor(20) { texts.checkpointSteps(run: "run").contains { $0 > 0 } })
            let file = try FileHandle(forUpdating: URL(fileURLWithPath: texts.path("run/data/\(role).tokens")))
            if shortens {
                try file.truncate(atOffset: 64)
            } else {
                try file.seek(toOffset: 100)
                try file.write(contentsOf: [UInt8](repeating: 250, count: 8))
            }
            try texts.expectRefusal(program, run: "run", status: 65, says: ["data/\(role).tokens: ", says])
            let verified = try ProgramRun.alone(
                "rnntrain",
                ["verify", texts.path(texts.checkpoint(run: "run", step: try #require(texts.checkpointSteps(run: "run").last)))],
                folder: texts.folder)
            #expect(verified.status == 0, "\(verified)")
        }
    }
}
