import Foundation
import TestSupport
import Testing

/// Parts of scripts and pages in shells with other variables, and with runs that lack a figure.
@Suite("Commands of scripts and pages")
struct CopiedCommandTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    private func bash(_ command: String, environment: [String: String] = [:]) throws -> ProgramRun {
        try ProcessRunner.run("/bin/bash", ["-c", command], in: scratch.folder, environment: environment)
    }

    @Test("The number of ranks does not depend on the variables for threads, which nproc obeys")
    func threads() throws {
        let environment = ProcessRunner.source("launch/environment")
        let cores = try bash("source '\(environment)'; physical_cores").output
        for value in ["1", "99"] {
            for variable in ["OMP_NUM_THREADS", "OMP_THREAD_LIMIT"] {
                let outcome = try bash("source '\(environment)'; physical_cores", environment: [variable: value])
                #expect(outcome.output == cores, "\(outcome)")
            }
        }
    }

    @Test("The table of docs/course.md has a dash for a figure that a run does not have, also for one that is not finite")
    func courseTable() throws {
        let page = try String(contentsOfFile: ProcessRunner.source("docs/course.md"), encoding: .utf8)
        let start = try #require(page.range(of: "figure() {")?.lowerBound)
        let end = try #require(page[start...].range(of: "cat table.tsv")?.upperBound)
        for (run, figures) in [
            ("elman-1", #""best_perplexity":null,"test_perplexity":12.345"#), ("gru-1", #""best_perplexity":6.789"#),
        ] {
            try scratch.write("cell = \"lstm\"\n", to: "runs/\(run)/config.toml")
            try scratch.write(
                #"{"event":"start","parameters":5}"# + "\n"
                    + #"{"event":"end","reason":"done",\#(figures),"best_parameters_digest":"d"}"#
                    + "\n", to: "runs/\(run)/metrics.jsonl")
        }
        try scratch.write(String(page[start..<end]), to: "table.sh")
        let outcome = try bash("sh table.sh")
        let rows = outcome.lines.dropFirst().map { $0.split(separator: "\t").dropFirst(2).joined(separator: " ") }
        #expect(outcome.status == 0 && rows == ["5 - 12.35 d", "5 6.79 - d"], "\(outcome)")
    }
}
