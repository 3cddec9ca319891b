public import Foundation

/// A folder with three small texts of words, for a test that trains. `deinit` removes it unless `isKept` is set.
public final class TrainingFolder {
    /// The folder.
    public let folder: URL
    /// Whether the folder remains, for inspection.
    public var isKept = false
    private let options: [String]

    /// The number of steps in an epoch. The last window has 3 time steps instead of 8.
    public static let stepsPerEpoch = 100
    /// Two layers, dropout, 16 streams in 8 shards, and 7 blocks of parameters, so that one of 8 ranks owns none.
    public static let model = [
        "--layers", "2", "--embedding-size", "24", "--hidden-size", "40", "--dropout", "0.3", "--batch-size", "16", "--bptt", "8",
        "--shards", "8", "--learning-rate", "0.01", "--log-every", "10",
    ]

    /// Writes `train.txt`, with `lines` lines of 9 words each, `valid.txt` and `test.txt`.
    ///
    /// Runs use `options`, the options of the texts, and their own options.
    public convenience init(options: [String] = TrainingFolder.model, lines: Int = 1272, validLines: Int = 100) throws {
        try self.init(options: options, lines: (lines, validLines, 20)) { WordText.lines($0, seed: $1) }
    }

    /// Writes the three texts with these numbers of lines, which `text` makes from a number of lines and a seed.
    public init(
        options: [String], lines: (train: Int, valid: Int, test: Int), text: (_ lines: Int, _ seed: UInt64) -> String
    ) throws {
        self.options = options
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("training-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try write("train.txt", text(lines.train, 1))
        try write("valid.txt", text(lines.valid, 2))
        try write("test.txt", text(lines.test, 3))
    }

    deinit { if !isKept { try? FileManager.default.removeItem(at: folder) } }

    /// The path of a file in the folder.
    public func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    /// Writes a file.
    public func write(_ name: String, _ text: String) throws { try write(name, Data(text.utf8)) }

    /// Writes a file.
    public func write(_ name: String, _ bytes: Data) throws { try bytes.write(to: folder.appendingPathComponent(name)) }

    /// Writes a file and its missing parent folders.
    public func writeDeep(_ name: String, _ text: String) throws {
        let place = folder.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
        try write(name, text)
    }

    /// The bytes of a file.
    public func bytes(_ name: String) throws -> Data { try Data(contentsOf: folder.appendingPathComponent(name)) }

    // MARK: Runs

    /// The command line of a new run in `run`. Options of `more` replace those of the folder.
    public func arguments(run: String, _ more: [String] = []) -> [String] {
        let all =
            ["--train", path("train.txt"), "--valid", path("valid.txt"), "--test", path("test.txt"), "--run", path(run)] + options
        let kept = all.reduce(into: (words: [String](), isReplaced: false)) { kept, word in
            if word.hasPrefix("--") { kept.isReplaced = more.contains(word) }
            if !kept.isReplaced { kept.words.append(word) }
        }
        return kept.words + more
    }

    /// Starts a new run under mpirun.
    public func start(
        ranks: Int, run: String, _ more: [String] = [], prelude: String? = nil, environment: [String: String] = [:]
    ) throws -> RunningProgram {
        try launch(ranks, arguments(run: run, more), prelude, environment)
    }

    /// Resumes a run under mpirun.
    public func startResume(
        ranks: Int, run: String, _ more: [String] = [], prelude: String? = nil, environment: [String: String] = [:]
    ) throws -> RunningProgram {
        try launch(ranks, ["--run", path(run), "--resume"] + more, prelude, environment)
    }

    private func launch(
        _ ranks: Int, _ arguments: [String], _ prelude: String?, _ environment: [String: String]
    ) throws -> RunningProgram {
        // A killed mpirun leaves files of shared memory. Here they are removed with the folder.
        let store = ["OMPI_MCA_btl_vader_backing_directory": folder.path, "OMPI_MCA_orte_tmpdir_base": path("sessions")]
        return try ProgramRun.startOnRanks(
            ranks, "rnntrain", arguments, prelude: prelude, environment: store.merging(environment) { $1 }, folder: folder)
    }

    /// Whether all ranks of a run end within ten seconds.
    public func hasNoRank(run: String) -> Bool { ProcessTable.isRid(of: "rnntrain", naming: path(run), within: 10) }

    /// The steps of the checkpoints in a run's folder, ascending.
    public func checkpointSteps(run: String) -> [Int] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path(run + "/checkpoints"))) ?? []
        return names.filter { $0.hasPrefix("step-") }.compactMap { Int($0.dropFirst(5).prefix(8)) }.sorted()
    }

    /// The path of a checkpoint in this folder.
    public func checkpoint(run: String, step: Int) -> String {
        let digits = String(step)
        return "\(run)/checkpoints/step-\(String(repeating: "0", count: 8 - digits.count))\(digits).safetensors"
    }
}

/// Artificial text with letters of two and three bytes, and with structure that a model can learn.
enum WordText {
    private static let words = ["größe", "päivä", "语言", "a", "of", "the"] + (0..<40).map { "w\($0)" }

    /// Lines of 9 words.
    static func lines(_ count: Int, seed: UInt64) -> String {
        var state = seed
        var word = 0
        return (0..<count).map { _ in
            (0..<9).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                word = (word * 3 + Int(state >> 60)) % words.count
                return words[word]
            }.joined(separator: " ") + "\n"
        }.joined()
    }
}
