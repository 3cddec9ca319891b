import TestSupport
import Testing

extension TrainingOverRanks {
    /// Compares whole runs: every loss, norm and digest in the log, and the test perplexity.
    @Suite("Training computes the same bits", .serialized)
    struct SameBitsTests {
        @Test("The bits of an LSTM with dropout are independent of rank count, transport and node size")
        func everyRankCount() throws {
            let texts = try TrainingFolder()
            let one = try run(texts, ranks: 1, [])
            #expect(one.digests.keys.sorted() == ["end 200", "validation 100", "validation 200"])
            for ranks in [2, 3, 4, 5, 7, 8] { expectSame(try run(texts, ranks: ranks, []), one, "\(ranks) ranks") }
            for ranks in [1, 2, 3, 4, 5, 7, 8] {
                expectSame(try run(texts, ranks: ranks, ["--exchange", "messages"]), one, "\(ranks) ranks by messages")
            }
            for size in 1...3 {
                expectSame(try run(texts, ranks: 6, ["--node-size", "\(size)"]), one, "6 ranks in nodes of \(size)")
            }
        }

        /// Without dropout, equal tokens share one row.
        @Test(
            "The bits of a character GRU with learned states, momentum and padded validation streams are the same"
        )
        func gatedUnits() throws {
            let texts = try TrainingFolder(lines: 100, validLines: 1)
            try texts.write("valid.txt", "the of a")
            let options = [
                "--cell", "gru", "--gru-reset", "before", "--tokens", "char", "--initial-state", "learned", "--minimum-count",
                "2",
                "--optimizer", "sgd", "--momentum", "0.9", "--learning-rate", "0.5", "--clip-mode", "value", "--clip", "0.01",
                "--shards", "5", "--epochs", "2", "--validate-every", "15", "--dropout", "0",
            ]
            let one = try run(texts, ranks: 1, options)
            expectSame(try run(texts, ranks: 3, options), one, "3 ranks")
            expectSame(try run(texts, ranks: 5, options + ["--exchange", "messages"]), one, "5 ranks by messages")
        }

        @Test("The bits of a byte Elman network with tied weights, one stream a shard and a decaying rate are the same")
        func tiedWeights() throws {
            let texts = try TrainingFolder(lines: 100)
            let options = [
                "--cell", "elman", "--nonlinearity", "relu", "--init", "identity", "--tie-weights", "--embedding-size", "40",
                "--tokens", "byte", "--shards", "16", "--optimizer", "adamw", "--weight-decay", "0.01", "--schedule", "plateau",
                "--learning-rate", "0.003", "--epochs", "2", "--validate-every", "10", "--dropout", "0",
            ]
            let one = try run(texts, ranks: 1, options)
            expectSame(try run(texts, ranks: 2, options), one, "2 ranks")
            expectSame(try run(texts, ranks: 7, options + ["--node-size", "4"]), one, "7 ranks in nodes of 4 and 3")
        }

        /// Each member of a team has at least two panels of 32 units. With messages, each rank computes alone.
        @Test(
            "The bits are the same if the ranks of a node divide the units of a layer",
            arguments: [
                (["--hidden-size", "300", "--initial-state", "learned"], 4),
                (["--hidden-size", "320", "--cell", "gru", "--dropout", "0", "--precision", "bf16"], 4),
                (["--hidden-size", "544", "--cell", "elman", "--layers", "1"], 8),
            ])
        func teams(options: [String], ofEightRanks: Int) throws {
            let texts = try TrainingFolder(lines: 60, validLines: 20)
            let options = options + ["--epochs", "1", "--log-every", "1", "--teams", "always"]
            let one = try run(texts, ranks: 1, options)
            #expect(one.events.first?["team_ranks"] == "1")
            let layouts = [
                (8, [], ofEightRanks), (3, [], 3), (8, ["--node-size", "2"], 2),
                (4, ["--exchange", "messages", "--teams", "auto"], 1), (4, ["--teams", "never"], 1),
            ]
            for (ranks, more, members) in layouts {
                let log = try run(texts, ranks: ranks, options + more)
                expectSame(log, one, "\(ranks) ranks \(more)")
                #expect(log.events.first?["team_ranks"] == "\(members)", "\(ranks) ranks \(more)")
            }
        }

        @Test(
            "A run without teams says why, if they were asked for",
            arguments: [
                (1, [], "there is one rank"), (2, ["--node-size", "1"], "no two ranks share memory"),
                (2, ["--cell", "gru", "--gru-reset", "before"], "the layers of this model cannot be split by hidden units"),
                (2, ["--hidden-size", "96"], nil),
            ])
        func noTeams(ranks: Int, options: [String], reason: String?) throws {
            let texts = try TrainingFolder(lines: 60, validLines: 20)
            let options = ["--dropout", "0"] + options + ["--epochs", "1", "--teams", "always"]
            let outcome = try texts.start(ranks: ranks, run: "run", options).end(timeLimit: 60)
            let said = outcome.errors.contains("note: --teams always has no effect in this run, because \(reason ?? "").")
            #expect(outcome.status == 0 && said == (reason != nil), "\(outcome)")
        }

        /// Starts from orthogonal matrices whose size is not a multiple of a block of reflections. If the processor lacks a
        /// level, the program selects the next lower one.
        @Test("The bits are the same at every kernel level, and for any processor that a library detects")
        func processors() throws {
            let texts = try TrainingFolder(lines: 60, validLines: 20)
            let options = ["--init", "orthogonal", "--epochs", "1"]
            let best = try run(texts, ranks: 1, options)
            for level in ["avx512", "avx2", "baseline"] {
                let log = try run(texts, ranks: level == "avx2" ? 2 : 1, options, environment: ["RNNTRAIN_CPU_LEVEL": level])
                if level != "avx512" { #expect(log.events.first?["kernels"] == level) }
                expectSame(log, best, level)
            }
            for core in ["Nehalem", "Sandybridge", "Haswell", "Zen", "SkylakeX"] {
                let log = try run(texts, ranks: 1, options, environment: ["OPENBLAS_CORETYPE": core])
                expectSame(log, best, "OpenBLAS for \(core)")
            }
            let plain = ["GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-AVX512F,-FMA4"]
            expectSame(try run(texts, ranks: 1, options, environment: plain), best, "the C library without FMA")
        }

        @Test(
            "The bits of bf16 are independent of rank count and transport, and differ from those of fp32",
            arguments: ["0.3", "0"])
        func bf16(dropout: String) throws {
            let texts = try TrainingFolder()
            let options = ["--precision", "bf16", "--epochs", "1", "--dropout", dropout]
            let one = try run(texts, ranks: 1, options)
            for ranks in [2, 3, 8] { expectSame(try run(texts, ranks: ranks, options), one, "\(ranks) ranks") }
            expectSame(try run(texts, ranks: 3, options + ["--exchange", "messages"]), one, "3 ranks by messages")
            #expect(try run(texts, ranks: 1, ["--epochs", "1", "--dropout", dropout]).digests != one.digests)
        }

        /// A run of two epochs with its own folder.
        private func run(
            _ texts: TrainingFolder, ranks: Int, _ options: [String], environment: [String: String] = [:]
        ) throws -> RunLog {
            let name = (["run", "\(ranks)"] + options + environment.values).joined(separator: "_")
            let program = try texts.start(ranks: ranks, run: name, ["--epochs", "2"] + options, environment: environment)
            return try finished(program, in: texts, run: name)
        }
    }
}
