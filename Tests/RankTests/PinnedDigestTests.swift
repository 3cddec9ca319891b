import Foundation
import TestSupport
import Testing

/// A run whose final digest is in `Fixtures/digests.json`.
struct PinnedRun: Sendable, CustomTestStringConvertible {
    let name: String
    let options: [String]
    /// If set, a second job resumes the run up to this epoch.
    var resumedTo: Int?

    init(_ name: String, _ options: String, resumedTo: Int? = nil) {
        self.name = name
        self.options = options.split(separator: " ").map(String.init)
        self.resumedTo = resumedTo
    }

    var testDescription: String { name }

    /// Covers every cell, output, initialization, update rule and transport.
    static let all: [PinnedRun] = [
        PinnedRun("lstm", ""),
        PinnedRun("lstm, orthogonal", "--init orthogonal"),
        PinnedRun("lstm, three layers", "--layers 3"),
        PinnedRun("gru", "--cell gru"),
        PinnedRun("gru, orthogonal", "--cell gru --init orthogonal"),
        PinnedRun("gru, reset before the product", "--cell gru --gru-reset before"),
        PinnedRun("elman tanh", "--cell elman"),
        PinnedRun("elman relu, identity", "--cell elman --nonlinearity relu --init identity"),
        PinnedRun("elman sigmoid", "--cell elman --nonlinearity sigmoid"),
        PinnedRun("tied weights", "--tie-weights --embedding-size 20"),
        PinnedRun("learned state", "--initial-state learned"),
        PinnedRun("learned state, gru reset before", "--initial-state learned --cell gru --gru-reset before"),
        PinnedRun("dropout", "--dropout 0.3"),
        PinnedRun("dropout, gru", "--dropout 0.3 --cell gru"),
        PinnedRun("dropout, elman, tied", "--dropout 0.5 --cell elman --tie-weights --embedding-size 20"),
        PinnedRun("bf16", "--precision bf16"),
        PinnedRun("bf16, gru, dropout", "--precision bf16 --cell gru --dropout 0.2"),
        PinnedRun("bf16, tied, learned state", "--precision bf16 --tie-weights --embedding-size 20 --initial-state learned"),
        PinnedRun("sgd", "--optimizer sgd --learning-rate 0.5"),
        PinnedRun(
            "sgd, momentum, clipped by value", "--optimizer sgd --momentum 0.9 --learning-rate 0.1 --clip-mode value --clip 0.01"),
        PinnedRun("adamw", "--optimizer adamw --weight-decay 0.01"),
        PinnedRun("adam, weight decay, no clipping", "--weight-decay 0.001 --clip 0"),
        PinnedRun("plateau", "--schedule plateau --validate-every 5 --epsilon 0.05"),
        PinnedRun("step", "--schedule step --decay-after 1 --epochs 3"),
        PinnedRun("inverse", "--schedule inverse --decay-rate 0.1"),
        PinnedRun("messages", "--exchange messages"),
        PinnedRun("nodes of two", "--node-size 2 --dropout 0.1"),
        PinnedRun("nodes of three, messages", "--exchange messages --cell gru"),
        PinnedRun("teams", "--teams always --hidden-size 96"),
        PinnedRun("teams, gru, bf16", "--teams always --hidden-size 96 --cell gru --precision bf16"),
        PinnedRun("characters", "--tokens char"),
        PinnedRun("bytes, one shard a stream", "--tokens byte --shards 16"),
        PinnedRun("small vocabulary", "--vocabulary-size 20 --minimum-count 2"),
        PinnedRun("resumed", "--dropout 0.3 --epochs 1", resumedTo: 2),
        PinnedRun("resumed, sgd with momentum", "--optimizer sgd --momentum 0.9 --learning-rate 0.1 --epochs 1", resumedTo: 2),
    ]
}

extension TrainingOverRanks {
    /// The numbers of a release. A change of these digests changes the results of every user.
    @Suite("Pinned digests", .serialized)
    struct PinnedDigestTests {
        /// If this variable is set, the digests are written instead of compared.
        private static let updates = ProcessInfo.processInfo.environment["RNNTRAIN_UPDATE_SNAPSHOTS"] != nil
        private static let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/digests.json")
        private static let common = [
            "--layers", "2", "--embedding-size", "12", "--hidden-size", "20", "--batch-size", "16", "--bptt", "8", "--shards",
            "8",
            "--learning-rate", "0.01", "--init", "uniform", "--epochs", "2", "--seed", "7",
        ]

        @Test("Every kind of run ends with its pinned digest on 1, 3 and 8 ranks")
        func digests() throws {
            let texts = try TrainingFolder(options: Self.common, lines: 60, validLines: 20)
            var found: [String: String] = [:]
            for run in PinnedRun.all {
                for ranks in [1, 3, 8] {
                    let digest = try finalDigest(of: run, ranks: ranks, texts)
                    if let before = found[run.name] { #expect(digest == before, "\(run.name) on \(ranks) ranks") }
                    found[run.name] = digest
                }
            }
            if Self.updates { try write(found) }
            let pinned = try JSONDecoder().decode([String: String].self, from: Data(contentsOf: Self.file))
            #expect(pinned.count >= 24)
            for run in PinnedRun.all { #expect(found[run.name] == pinned[run.name], "\(run.name)") }
        }

        private func finalDigest(of run: PinnedRun, ranks: Int, _ texts: TrainingFolder) throws -> String {
            let name = "run-\(ranks)-\(run.name.filter(\.isLetter))"
            // All other cells here have no forget gate.
            let forgetBias = run.options.contains("--cell") ? [] : ["--forget-bias", "1"]
            var ending = try texts.start(ranks: ranks, run: name, run.options + forgetBias).end(timeLimit: 60)
            if let epochs = run.resumedTo {
                #expect(ending.status == 0, "\(ending)")
                ending = try texts.startResume(ranks: 9 - ranks, run: name, ["--epochs", "\(epochs)"]).end(timeLimit: 60)
            }
            try #require(ending.status == 0, "\(ending)")
            return try #require(try RunLog(run: texts.path(name)).finalDigest)
        }

        private func write(_ digests: [String: String]) throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            try encoder.encode(digests).write(to: Self.file)
        }
    }
}
