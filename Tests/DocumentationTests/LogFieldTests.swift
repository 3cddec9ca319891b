import Foundation
import TestSupport
import Testing

/// The fields of `metrics.jsonl` and the table of `docs/run-folder.md`.
@Suite("Fields of metrics.jsonl")
struct LogFieldTests {
    private static let page = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/run-folder.md")
        .standardized
    private static let small = [
        "--hidden-size", "8", "--embedding-size", "3", "--layers", "1", "--batch-size", "8", "--bptt", "8", "--epochs", "1",
        "--log-every", "5", "--checkpoint-every", "5 steps",
    ]

    /// The documented fields of each event, those of all events, and those of classifiers.
    private struct Documented {
        private var events: [String: Set<String>] = [:]
        private var general: Set<String> = []

        init() throws {
            let text = try String(contentsOf: LogFieldTests.page, encoding: .utf8)
            let start = try #require(text.range(of: "\n## metrics.jsonl\n"))
            let end = try #require(text.range(of: "\n```python", range: start.upperBound..<text.endIndex))
            let lines = text[start.upperBound..<end.lowerBound].split(separator: "\n")
            for line in lines where line.hasPrefix("| `") {
                let cells = line.split(separator: "|", maxSplits: 1)
                let head = cells[0].prefix { $0 != "," || !cells[0].contains("every") }
                for event in Self.names(head) { events[event] = Self.names(cells[1]) }
            }
            for line in lines where line.hasPrefix("Every line has ") || line.hasPrefix("A classifier ") {
                general.formUnion(Self.names(line))
            }
        }

        private static func names(_ text: some StringProtocol) -> Set<String> {
            Set(String(text).matches(of: /`([a-z][a-z_0-9]*)`/).map { String($0.1) })
        }

        /// Whether the field of an event is documented. `hidden_gradient_l0` stands for all layers.
        func contain(_ field: String, of event: String) -> Bool {
            let name = field.replacing(/_l[0-9]+$/, with: "_l0")
            return general.contains(name) || events[event]?.contains(name) == true
        }
    }

    private func expectDocumented(_ run: String, events expected: Set<String>) throws {
        let documented = try Documented()
        let events = try RunLog(run: run).events
        #expect(expected.isSubset(of: events.compactMap { $0["event"] }), "\(events)")
        let fields = Set(events.flatMap { event in event.keys.map { "\(event["event"] ?? "") \($0)" } })
        let unknown = fields.filter {
            let parts = $0.split(separator: " ").map(String.init)
            return parts.count != 2 || !documented.contain(parts[1], of: parts[0])
        }
        #expect(unknown.isEmpty, "not in docs/run-folder.md: \(unknown.sorted())")
    }

    private func train(_ arguments: [String], in texts: TrainingFolder, status: Int32 = 0) throws {
        let run = try ProgramRun.alone("rnntrain", arguments, folder: texts.folder)
        try #require(run.status == status, "\(run)")
    }

    @Test(
        "Runs of words have no other fields than the table",
        arguments: [
            ["--sample-every", "5", "--track-gradients", "5", "--layers", "2"], ["--batching", "sentences"],
            ["--output", "sampled"], ["--word-vectors", "v.txt", "--tensorboard"],
        ])
    func words(options: [String]) throws {
        let texts = try TrainingFolder(options: Self.small, lines: 60, validLines: 10)
        try texts.write("v.txt", "3 3\nthe 0.5 -2 0.125\nnone 1 1 1\nw3 7 8 9\n")
        try train(texts.arguments(run: "run", options), in: texts)
        try train(["--run", "run", "--resume", "--epochs", "2"], in: texts)
        let sampled: Set = options[0] == "--sample-every" ? ["sample", "gradients"] : []
        let usual: Set = ["start", "step", "validation", "checkpoint", "end", "resume"]
        try expectDocumented(texts.path("run"), events: usual.union(sampled))
    }

    @Test("Classifiers have no other fields than the table and the sentence about them")
    func classifier() throws {
        let texts = try TrainingFolder(options: ["--task", "classifier"] + Self.small, lines: (100, 20, 20)) { count, seed in
            (0..<count).map { "l\(($0 + Int(seed)) % 3)\tw\($0 % 3) w\($0 % 5)\n" }.joined()
        }
        try train(texts.arguments(run: "run"), in: texts)
        try train(["--run", "run", "--resume", "--epochs", "2"], in: texts)
        try expectDocumented(texts.path("run"), events: ["start", "step", "validation", "checkpoint", "end", "resume"])
    }

    @Test("A return to a checkpoint and a stopped job have no other fields than the table")
    func faults() throws {
        let texts = try TrainingFolder(options: Self.small, lines: 60, validLines: 10)
        let overflowing = ["--cell", "elman", "--nonlinearity", "relu", "--init", "uniform", "--init-scale", "1e30"]
        try train(
            texts.arguments(run: "high", overflowing + ["--max-bad-steps", "1", "--max-rollbacks", "1"]), in: texts, status: 64)
        try expectDocumented(texts.path("high"), events: ["start", "rollback"])

        try train(texts.arguments(run: "run", ["--epochs", "1000000", "--time-limit", "4 seconds"]), in: texts, status: 75)
        try expectDocumented(texts.path("run"), events: ["start", "end"])
        #expect(try RunLog(run: texts.path("run")).events.last?["stopped_by"] == "time-limit")
    }

    @Test("A run whose best model was lost has no other fields than the table")
    func lostBest() throws {
        let texts = try TrainingFolder(options: Self.small, lines: 60, validLines: 10)
        let rate = ["--learning-rate", "0.001", "--epochs", "2"]
        try train(texts.arguments(run: "run", rate), in: texts)
        try FileManager.default.removeItem(atPath: texts.path("run/best.safetensors"))
        let best = try #require(try RunLog(run: texts.path("run")).events.last?["best_step"].flatMap { Int($0) })
        for step in texts.checkpointSteps(run: "run") where step >= best {
            try FileManager.default.removeItem(atPath: texts.path(texts.checkpoint(run: "run", step: step)))
        }
        try train(["--run", "run", "--resume", "--epochs", "3", "--learning-rate", "100"], in: texts)
        let end = try #require(try RunLog(run: texts.path("run")).events.last)
        #expect(end["lost_best_step"] == "\(best)", "\(end)")
        try expectDocumented(texts.path("run"), events: ["end"])
    }
}
