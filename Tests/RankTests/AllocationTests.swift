import Foundation
import Layers
import TestSupport
import Testing

extension TrainingOverRanks {
    @Suite("A training step allocates nothing", .serialized)
    struct AllocationTests {
        @Test(
            "Steps after the first allocate nothing on any rank",
            arguments: CellKind.allCases.map { (2, CellOptions.small($0.rawValue)) }
                + OutputKind.allCases.map { (2, OutputOptions.small($0.rawValue)) }
                + OutputOptions.maxEnt.map { (2, $0) } + [
                    (1, []), (2, []), (3, []), (2, ["--cell", "gru", "--gru-reset", "before"]),
                    (2, ["--cell", "elman", "--tie-weights", "true", "--optimizer", "sgd"]),
                    (4, ["--hidden-size", "300", "--teams", "always"]),
                    (2, ["--input-mlp", "24", "--output-mlp", "40", "--transition-mlp", "20"]),
                ])
        func steps(ranks: Int, options: [String]) throws {
            let texts = try TrainingFolder(lines: 1)
            let run = try ProgramRun.onRanks(ranks, "rank-checks", ["allocations", "--run", texts.path("run")] + options)
            #expect(run.lines.last == "0 allocations in 49 steps on \(ranks) ranks" && run.status == 0, "\(run)")
        }
    }
}
