import Foundation
import TestSupport
import Testing

@Suite("A dry run", .serialized)
struct DryRunTests {
    private let texts: TrainingFolder

    init() throws { texts = try TrainingFolder(lines: 200, validLines: 40) }

    /// All files and folders with their modification times.
    private func contents() throws -> [String: Date?] {
        let names = try FileManager.default.subpathsOfDirectory(atPath: texts.folder.path)
        return Dictionary(
            uniqueKeysWithValues: try names.map { name in
                (name, try FileManager.default.attributesOfItem(atPath: texts.path(name))[.modificationDate] as? Date)
            })
    }

    private func dryRun(ranks: Int, _ more: [String] = []) throws -> ProgramRun {
        try ProgramRun.onRanks(ranks, "rnntrain", texts.arguments(run: "run", ["--dry-run"] + more), folder: texts.folder)
    }

    /// The lines by label. A line without a label belongs to the label above.
    private func items(_ outcome: ProgramRun) -> [String: [Substring]] {
        var label = ""
        return outcome.lines.dropFirst().reduce(into: [:]) { items, line in
            guard line.hasPrefix("  ") else { return }
            let word = line.dropFirst(2).prefix(12).filter { $0 != " " }
            if !word.isEmpty { label = String(word) }
            items[label, default: []].append(line.dropFirst(14))
        }
    }

    @Test("A dry run reports the needs of a run by rank and by host, and leaves no file", arguments: [1, 2, 3])
    func report(ranks: Int) throws {
        let before = try contents()
        let outcome = try dryRun(ranks: ranks)
        #expect(outcome.status == 0 && outcome.errors.isEmpty && outcome.lines.last == "memory and disk suffice", "\(outcome)")
        #expect(try contents() == before)
        let items = items(outcome)
        let labels = ["parameters", "text", "steps", "memory", "/dev/shm", "disk", "exchange", "time"]
        #expect(Set(items.keys) == Set(labels), "\(outcome)")
        #expect(items["parameters"]?.first?.hasPrefix("26,800; lstm 2 x 40, embedding 24") == true, "\(outcome)")
        let text = "word vocabulary 48; train 2,000 tokens (0 OOV, 0 %), valid 400 (0 OOV, 0 %), test 200 (0 OOV, 0 %)"
        #expect(items["text"]?.first == text[...], "\(outcome)")
        #expect(items["steps"]?.first == "16 per epoch, 16 x 8 tokens each")
        #expect(items["memory"]?.contains { $0.hasPrefix("rank 0: ") && $0.contains("to write checkpoints") } == true)
        #expect(items["memory"]?.contains { $0.hasPrefix("host ") && $0.contains(" in total, with ") } == true, "\(outcome)")
        #expect(items["memory"]?.contains { $0.hasPrefix("rank 1") || $0.hasPrefix("ranks 1-") } == (ranks > 1), "\(outcome)")
        #expect(items["time"]?.first?.contains(" per epoch with its validation, ") == true)
        #expect(items["time"]?.last?.contains(" ms per step, ") == true)
    }

    @Test(
        "A dry run prints the tokens outside the vocabulary like the run, and warns of many",
        arguments: ["streams", "sentences"])
    func unknownTokens(batching: String) throws {
        try texts.write("valid.txt", "zig zag zig\nzug w1 w2\n")
        try texts.write("test.txt", "w1 w2 w1 zig\n")
        // Words that occur once are unknown, so that <unk> is trained.
        try texts.write("train.txt", String(contentsOfFile: texts.path("train.txt"), encoding: .utf8) + "once\n")
        let arguments = texts.arguments(run: "run", ["--epochs", "1", "--batching", batching, "--minimum-count", "2"])
        let dry = try ProgramRun.onRanks(1, "rnntrain", arguments + ["--dry-run"], folder: texts.folder)
        let run = try ProgramRun.onRanks(1, "rnntrain", arguments, folder: texts.folder)
        let line = try #require(items(dry)["text"]?.first)
        #expect(line.hasSuffix("valid 8 (4 OOV, 50 %), test 5 (1 OOV, 20 %)"), "\(dry)")
        #expect(run.lines.contains("  text     \(line)"), "\(run)")
        let warnings = dry.errors.split(separator: "\n")
        #expect(warnings.count == 2 && warnings.allSatisfy { $0.contains(" of the tokens are outside the vocabulary") }, "\(dry)")
        #expect(warnings.allSatisfy { run.errors.contains($0) }, "\(run)")
    }

    @Test("OOVs where <unk> is not trained are one warning, at the start and from --dry-run, score and evaluate")
    func untrainedUnknown() throws {
        try texts.write("valid.txt", "w1 zig w2\n" + String(repeating: "w1 w2 w1\n", count: 20))
        try texts.write("test.txt", "w1 w2 w1\n")
        func warnings(_ outcome: ProgramRun) -> [Substring] {
            outcome.errors.split(separator: "\n").filter { $0.contains("OOV") }
        }
        let start =
            "rnntrain: warning: no token of the training text is outside the vocabulary, so the probability of <unk> is not trained, and the "
            + "perplexity of texts with OOVs means nothing (valid 1). Use --minimum-count 2, or report the perplexity without OOVs."
        let arguments = texts.arguments(run: "untrained", ["--epochs", "1"])
        for more in [["--dry-run"], []] {
            let outcome = try ProgramRun.onRanks(1, "rnntrain", arguments + more, folder: texts.folder)
            #expect(outcome.status == 0 && warnings(outcome) == [start[...]], "\(outcome)")
        }
        for command in ["score", "evaluate"] {
            func warning(_ run: String, _ text: String) throws -> [Substring] {
                let options = ["--checkpoint", texts.path(run), "--data", texts.path(text)]
                let outcome = try ProcessRunner.rnntrain([command] + options, in: texts.folder)
                #expect(outcome.status == 0, "\(outcome)")
                return outcome.errors.split(separator: "\n").filter { $0.contains("warning") }
            }
            let found = try warning("untrained", "valid.txt")
            let says = "1 OOV is scored as <unk>, whose probability was not trained: "
            #expect(found.count == 1 && found[0].contains(says), "\(found)")
            #expect(try warning("untrained", "test.txt").isEmpty)
        }
        try texts.write("train.txt", String(contentsOfFile: texts.path("train.txt"), encoding: .utf8) + "once\n")
        let trained = texts.arguments(run: "trained", ["--epochs", "1", "--minimum-count", "2"])
        let outcome = try ProgramRun.onRanks(1, "rnntrain", trained, folder: texts.folder)
        #expect(outcome.status == 0 && warnings(outcome).isEmpty, "\(outcome)")
        for command in ["score", "evaluate"] {
            let options = ["--checkpoint", texts.path("trained"), "--data", texts.path("valid.txt")]
            #expect(try !ProcessRunner.rnntrain([command] + options, in: texts.folder).errors.contains("warning"))
        }
    }

    @Test("A dry run and the start of a run warn of an output layer that takes the numbers of bytes for ranks")
    func ranks() throws {
        let options = texts.arguments(run: "run", ["--epochs", "1", "--tokens", "byte", "--output", "class"])
        for more in [["--dry-run"], []] {
            let outcome = try ProgramRun.onRanks(1, "rnntrain", options + more, folder: texts.folder)
            let warning = "warning: the tokens of --tokens byte are not numbered by frequency, and --output class takes "
            #expect(outcome.status == 0 && outcome.errors.contains(warning), "\(outcome)")
        }
    }

    @Test("A dry run of texts without --run does not name a folder")
    func unnamedFolder() throws {
        let arguments = ["--train", "train.txt", "--valid", "valid.txt", "--dry-run"]
        let outcome = try ProgramRun.onRanks(1, "rnntrain", arguments, folder: texts.folder)
        #expect(outcome.status == 0, "\(outcome)")
        #expect(items(outcome)["disk"]?.first?.contains(" in the folder given with --run; ") == true, "\(outcome)")
    }

    @Test("The space for the log grows with its lines and with the event file, up to a limit")
    func log() throws {
        func size(_ more: String...) throws -> Substring {
            let outcome = try dryRun(ranks: 1, more)
            return try #require(items(outcome)["disk"]?.first?.firstMatch(of: #/, log (.+)\)$/#)?.1, "\(outcome)")
        }
        // Ten epochs of 15.6 steps: a line for ten steps, or for each, and ten validations.
        #expect(try size() == "28.5 kB")
        #expect(try size("--log-every", "1", "--tensorboard") == "115 kB")
        #expect(try size("--epochs", "1000000") == "3.3 MB")
    }

    @Test("A dry run reports the bytes between nodes and within them")
    func nodes() throws {
        let outcome = try dryRun(ranks: 4, ["--node-size", "2"])
        let exchange = try #require(items(outcome)["exchange"]?.first)
        #expect(!exchange.hasPrefix("0 B") && !exchange.contains(", 0 B over"), "\(outcome)")
    }

    @Test("A dry run of a resume changes nothing, and reports the remaining work")
    func resume() throws {
        let run = try ProgramRun.onRanks(1, "rnntrain", texts.arguments(run: "run", ["--epochs", "1"]), folder: texts.folder)
        #expect(run.status == 0, "\(run)")
        let before = try contents()
        let outcome = try ProgramRun.onRanks(
            2, "rnntrain", ["--run", texts.path("run"), "--resume", "--epochs", "3", "--dry-run"], folder: texts.folder)
        #expect(outcome.status == 0, "\(outcome)")
        #expect(items(outcome)["time"]?.first?.hasSuffix(" for the rest of 3 epochs") == true, "\(outcome)")
        // All generations exist already, so only the log needs more space.
        let needed = try #require(items(outcome)["disk"]?.first?.firstMatch(of: #/^([0-9.]+) kB in /#)?.1, "\(outcome)")
        #expect(Double(needed).map { $0 < 30 } == true, "\(outcome)")
        #expect(try contents() == before)
    }

    @Test("A dry run refuses a folder with a run, a text that is too short, and a missing text")
    func refusals() throws {
        try texts.writeDeep("run/config.toml", "")
        let held = try dryRun(ranks: 1)
        #expect(held.status == 64 && held.errors.contains("already contains a run"), "\(held)")
        let short = try ProgramRun.alone(
            "rnntrain", texts.arguments(run: "other", ["--dry-run", "--bptt", "1000"]), folder: texts.folder)
        #expect(short.status == 65 && short.errors.contains("but one window of"), "\(short)")
        let none = try ProgramRun.alone("rnntrain", ["--run", texts.path("gone"), "--resume", "--dry-run"], folder: texts.folder)
        #expect(none.status == 66, "\(none)")
    }

    // MARK: Insufficient resources

    @Test(
        "A dry run and a run refuse a model larger than memory, at once, with one message", arguments: [true, false])
    func memory(isDry: Bool) throws {
        let before = try contents()
        let options = ["--hidden-size", "60000"] + (isDry ? ["--dry-run"] : [])
        let start = Date()
        let outcome = try ProgramRun.onRanks(2, "rnntrain", texts.arguments(run: "run", options), folder: texts.folder)
        #expect(outcome.status == 70 && Date().timeIntervalSince(start) < (Sanitizers.areOn ? 60 : 10), "\(outcome)")
        let messages = outcome.errors.split(separator: "\n").filter { $0.contains("rnntrain: error: ") }
        #expect(messages.count == 1, "\(outcome)")
        #expect(messages.first?.contains(": too little memory: its 2 ranks need more than ") == true, "\(outcome)")
        #expect(try contents() == before)
        #expect(ProcessTable.isRid(of: "rnntrain", naming: texts.path("run"), within: 10))
    }

    /// Whether this machine allows a test to mount file systems.
    private static let mayMount =
        (try? ProgramRun.run(
            URL(fileURLWithPath: "/usr/bin/env"), ["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/dev/shm"],
            environment: [:], folder: nil, timeLimit: 10))?.status == 0

    /// Runs shell commands with private mounts.
    private func shell(_ lines: String) throws -> ProgramRun {
        let program = ProgramRun.buildFolder.appendingPathComponent("rnntrain").path
        let arguments = texts.arguments(run: "disk/run").joined(separator: " ")
        return try ProgramRun.run(
            URL(fileURLWithPath: "/usr/bin/env"), ["unshare", "-m", "sh", "-c", lines],
            environment: [
                "RUN": "mpirun --oversubscribe --bind-to none -n 2 \(program) \(arguments)",
                "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
            ], folder: texts.folder, timeLimit: 60)
    }

    @Test("A dry run and a run refuse a disk that is too small, before anything is written", .enabled(if: mayMount))
    func disk() throws {
        // A checkpoint has 341 kB. Two generations and the best model need more than 900 kB and less than 2 MB.
        for (more, size, status) in [("--dry-run", "900k", 74), ("", "900k", 74), ("--dry-run", "2m", 0), ("", "2m", 0)] {
            let lines = "mkdir -p disk && mount -t tmpfs -o size=\(size) tmpfs disk && $RUN \(more); s=$?; ls -A disk; exit $s"
            let outcome = try shell(lines)
            #expect(outcome.status == status, "\(outcome)")
            guard status != 0 else { continue }
            #expect(
                outcome.errors.components(separatedBy: "disk/run: too little disk space: the run needs 1.").count == 2,
                "\(outcome)")
            #expect(!outcome.lines.contains("run"), "the folder was made: \(outcome)")
        }
    }

    @Test("A folder of the shared memory that is missing is named, with its consequence")
    func missingSharedFolder() throws {
        let outcome = try ProgramRun.onRanks(
            2, "rnntrain", texts.arguments(run: "run", ["--dry-run"]),
            environment: ["OMPI_MCA_osc_sm_backing_directory": "/dev/null/missing"], folder: texts.folder)
        #expect(outcome.status == 0, "\(outcome)")
        let item = try #require(outcome.lines.first { $0.hasPrefix("  /dev/null/missing ") }, "\(outcome)")
        #expect(item.contains("; missing or not writable, so that the ranks will exchange messages"), "\(outcome)")
        #expect(!outcome.output.contains("shm"), "\(outcome)")
    }

    @Test("A /dev/shm that is too small is a warning with its consequence, not an error", .enabled(if: mayMount))
    func sharedMemory() throws {
        let outcome = try shell("mount -t tmpfs -o size=1m tmpfs /dev/shm && exec $RUN --dry-run")
        #expect(outcome.status == 0, "\(outcome)")
        let item = try #require(items(outcome)["/dev/shm"]?.first)
        #expect(item.contains("1.0 MB free: too little, so that the ranks will exchange messages"), "\(outcome)")
    }
}
