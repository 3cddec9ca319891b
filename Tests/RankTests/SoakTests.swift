import Foundation
import TestSupport
import Testing

extension TrainingOverRanks {
    @Suite("Soak test")
    struct SoakTests {
        @Test("20 kills of ranks and of mpirun lose no data")
        func kills() throws {
            let soak = try ProgramRun.alone("soak", ["--kills", "20", "--seed", "7"], timeLimit: 600)
            #expect(soak.status == 0 && soak.output.contains("soak: PASSED: 20 kills"), "\(soak)")
        }

        @Test("After a failure the folder of the runs remains and is named")
        func failure() throws {
            let soak = try ProgramRun.alone("soak", ["--kills", "1", "--seed", "7"], environment: ["PATH": "/nowhere"])
            #expect(soak.status == 1 && soak.output.contains("soak: FAILED: "), "\(soak)")
            let match = try #require(soak.output.firstMatch(of: /left as they were, in (\/.+)/), "\(soak)")
            let folder = String(match.output.1)
            #expect(FileManager.default.fileExists(atPath: folder + "/train.txt"))
            try FileManager.default.removeItem(atPath: folder)
        }
    }
}
