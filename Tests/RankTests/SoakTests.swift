import TestSupport
import Testing

extension TrainingOverRanks {
    @Suite("loses nothing")
    struct SoakTests {
        @Test("in 20 kills of ranks and of mpirun")
        func kills() throws {
            let soak = try ProgramRun.alone("soak", ["--kills", "20", "--seed", "7"], timeLimit: 600)
            #expect(soak.status == 0 && soak.output.contains("soak: PASSED: 20 kills"), "\(soak)")
        }
    }
}
