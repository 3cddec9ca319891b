import Foundation
import TestSupport
import Testing

/// Limits of the process on its memory: `ulimit -v` and `ulimit -d`, in kB.
///
/// Below some 40,000 kB of data the loader itself fails, because a program that contains Swift's libraries has 38 MB of tables.
@Suite(
    "A memory limit of the process that is too low", .serialized,
    .disabled(if: Sanitizers.areOn, "The address sanitizer reserves terabytes of address space."))
struct ProcessLimitTests {
    private static let options = [
        "--hidden-size", "300", "--embedding-size", "300", "--batch-size", "8", "--bptt", "8", "--epochs", "1", "--layers", "1",
    ]
    private let texts: TrainingFolder

    init() throws { texts = try TrainingFolder(options: Self.options, lines: 20, validLines: 5) }

    private func run(_ limit: String, ranks: Int, _ arguments: [String]) throws -> ProgramRun {
        let environment = ["SWIFT_BACKTRACE": "enable=no"]
        if ranks > 1 {
            return try ProgramRun.startOnRanks(
                ranks, "rnntrain", arguments, prelude: "ulimit \(limit)", environment: environment, folder: texts.folder
            ).end(timeLimit: 60)
        }
        let program = ProgramRun.buildFolder.appendingPathComponent("rnntrain").path
        let shell = ["-c", "ulimit \(limit); exec \"$0\" \"$@\"", program]
        return try ProgramRun.run(
            URL(fileURLWithPath: "/bin/sh"), shell + arguments, environment: environment, folder: texts.folder, timeLimit: 60)
    }

    /// Expects success, or one line with status 70 that contains the limit, the needed memory and the remaining memory.
    @discardableResult
    private func expectLineOrSuccess(
        _ limit: String, ranks: Int = 1, _ arguments: [String], location: SourceLocation = #_sourceLocation
    ) throws -> ProgramRun {
        let outcome = try run(limit, ranks: ranks, arguments)
        guard outcome.status != 0 else { return outcome }
        let lines = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("rnntrain: error: ") }
        #expect(outcome.status == 70 && lines.count == 1, "\(limit): \(outcome)", sourceLocation: location)
        #expect(!outcome.errors.contains("Fatal error"), "\(limit): \(outcome)", sourceLocation: location)
        #expect(
            lines.first?.contains("ulimit \(limit.prefix(2))") == true || lines.first?.contains(", \(limit.prefix(2)),") == true,
            "\(limit): \(outcome)", sourceLocation: location)
        return outcome
    }

    @Test(
        "ends a new run in one line, with nothing written, or the run works",
        arguments: ["-v 160000", "-v 250000", "-d 60000", "-d 90000"])
    func newRun(limit: String) throws {
        for more in [["--dry-run"], []] {
            let outcome = try expectLineOrSuccess(limit, texts.arguments(run: "run", more))
            if outcome.status != 0 { #expect(!FileManager.default.fileExists(atPath: texts.path("run")), "\(outcome)") }
        }
    }

    @Test("A stack that is too small ends every command in one line, with nothing written")
    func stack() throws {
        for arguments in [texts.arguments(run: "run"), ["--version"]] {
            let outcome = try run("-s 64", ranks: 1, arguments)
            #expect(
                outcome.status == 70 && outcome.errors.contains("it must be at least 256 kB. Raise it (ulimit -s)"), "\(outcome)")
        }
        #expect(!FileManager.default.fileExists(atPath: texts.path("run")))
    }

    /// The smallest limit of addresses, in kB, that the check accepts for a run.
    private func leastAddresses(_ arguments: [String]) throws -> Int {
        let low = 240_000
        let outcome = try run("-v \(low)", ranks: 1, arguments)
        let figures = try #require(
            outcome.errors.firstMatch(of: /needs ([0-9.]+) MB, but the limit leaves ([0-9.]+) MB/), "\(outcome)")
        let needed = try #require(Double(figures.1))
        let left = try #require(Double(figures.2))
        // Both figures are rounded.
        return low + Int((needed - left + 1) * 1e6 / 1024)
    }

    @Test("that the check accepts suffices for the copies of checkpoints and for the final test")
    func accepted() throws {
        let large = ["--hidden-size", "16", "--embedding-size", "8", "--max-ent-order", "2"]
        let least = try leastAddresses(texts.arguments(run: "run", large))
        for more in [0, 10_000, 20_000] {
            let name = "run-\(more)"
            let outcome = try run("-v \(least + more)", ranks: 1, texts.arguments(run: name, large))
            #expect(outcome.status == 0 && outcome.output.contains("  test     "), "\(least) + \(more): \(outcome)")
        }
    }

    @Test("ends a run of two ranks in one line", arguments: ["-v 200000", "-v 295000", "-v 300000", "-v 400000", "-d 60000"])
    func twoRanks(limit: String) throws { try expectLineOrSuccess(limit, ranks: 2, texts.arguments(run: "run")) }

    @Test("ends a resume, evaluate and generate in one line", arguments: ["-v 160000", "-d 60000"])
    func otherCommands(limit: String) throws {
        try #require(try ProgramRun.alone("rnntrain", texts.arguments(run: "run"), folder: texts.folder).status == 0)
        try expectLineOrSuccess(limit, ["--run", texts.path("run"), "--resume", "--epochs", "2"])
        try expectLineOrSuccess(limit, ["evaluate", "--checkpoint", "run/best.safetensors", "--data", "test.txt"])
        try expectLineOrSuccess(limit, ["generate", "--checkpoint", "run/best.safetensors", "--length", "3"])
        try expectLineOrSuccess(limit, ["inspect", "--checkpoint", "run/best.safetensors", "--data", "test.txt"])
        let cache = [
            "evaluate", "--checkpoint", "run/best.safetensors", "--data", "test.txt", "--cache", "--cache-size", "1000000",
        ]
        #expect(try expectLineOrSuccess(limit, cache).status == 70)
    }
}
