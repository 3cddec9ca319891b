import Foundation
import TestSupport
import Testing

extension TrainingOverRanks {
    /// The reference is an undisturbed run: after a detected fault the parameters have the same bits.
    @Suite("Silent data corruption is detected", .serialized)
    struct SilentFaultTests {
        private static let undisturbed = Result { try outcome(1, []).words }

        /// Status, output, and the words of the last line: reason, digest, number of rollbacks, factor of the learning rate.
        private static func outcome(_ ranks: Int, _ options: [String]) throws -> (run: ProgramRun, words: [Substring]) {
            let texts = try TrainingFolder(lines: 1)
            let run = try ProgramRun.onRanks(ranks, "rank-checks", ["silent-faults", "--run", texts.path("run")] + options)
            return (run, run.lines.last?.split(separator: " ") ?? [])
        }

        private static let places = [
            ["--what", "gradient"], ["--what", "promised"], ["--what", "parameters"], ["--what", "moment"], ["--what", "packed"],
            ["--what", "padding"], ["--what", "table"],
        ]
        private static let layouts: [(ranks: Int, options: [String])] = [
            (1, []), (3, []), (3, ["--exchange", "messages"]), (4, ["--node-size", "2"]),
        ]

        @Test("A flipped bit in any data rolls the run back", arguments: places, layouts)
        func flippedBit(place: [String], layout: (ranks: Int, options: [String])) throws {
            let (run, words) = try Self.outcome(layout.ranks, place + layout.options)
            let expected = try Self.undisturbed.get()
            #expect(run.status == 0 && words.count == 4 && expected.count == 4, "\(run)")
            #expect(words.dropFirst().first == expected[1] && words.dropFirst(2).first == "1", "\(run)")
            // A fault in data of a node is reported for its first rank.
            let rank =
                ["packed", "padding", "gradient", "promised"].contains(place[1])
                ? layout.options == ["--exchange", "messages"] ? 2 : layout.ranks == 4 ? 2 : 0 : layout.ranks - 1
            let pattern = try Regex(
                "step [34][0-9]: .* on rank \(rank) \\(\\S+\\): returned to the checkpoint after step (28|35)")
            #expect(run.output.matches(of: pattern).count == 1, "\(run)")
        }

        @Test("A sum with two different results is detected", arguments: [(3, []), (4, ["--node-size", "2"])])
        func sum(ranks: Int, options: [String]) throws {
            let (run, words) = try Self.outcome(ranks, ["--what", "sum"] + options)
            let expected = try Self.undisturbed.get()
            #expect(run.status == 0 && words.dropFirst().first == expected[1] && words.count == 4 && words[2] == "1", "\(run)")
            #expect(run.output.contains("step 40: a sum of gradients differs when it is computed twice on rank "), "\(run)")
        }

        @Test("A node's copy of the parameters that differs from the owner's is detected")
        func copy() throws {
            let (run, words) = try Self.outcome(4, ["--what", "copy", "--node-size", "2"])
            let expected = try Self.undisturbed.get()
            #expect(run.status == 0 && words.dropFirst().first == expected[1], "\(run)")
            #expect(run.output.contains("a node's copy of the parameters changed in memory on rank 0"), "\(run)")
        }

        @Test("A flipped bit is detected with plain SGD, which skips parameters without a gradient")
        func sgd() throws {
            let expected = try Self.outcome(1, ["--optimizer", "sgd"]).words
            let (run, words) = try Self.outcome(3, ["--optimizer", "sgd", "--what", "parameters"])
            #expect(run.status == 0 && words.count == 4 && words[1] == expected[1] && words[2] == "1", "\(run)")
        }

        @Test("A flipped bit of weights packed as bf16 is detected")
        func packedBFloat16() throws {
            let expected = try Self.outcome(1, ["--precision", "bf16"]).words
            for options in [[], ["--exchange", "messages"]] {
                let (run, words) = try Self.outcome(3, ["--precision", "bf16", "--what", "packed"] + options)
                #expect(run.status == 0 && words.count == 4 && words[1] == expected[1] && words[2] == "1", "\(run)")
                #expect(run.output.contains("packed weights changed in memory on rank "), "\(run)")
            }
        }

        @Test("With the option to stop, a flipped bit ends the run, and its last checkpoint is valid")
        func end() throws {
            let texts = try TrainingFolder(lines: 1)
            let options = ["--run", texts.path("run"), "--what", "parameters", "--on-fault", "end"]
            let run = try ProgramRun.onRanks(3, "rank-checks", ["silent-faults"] + options)
            #expect(run.status == 70, "\(run)")
            #expect(run.errors.components(separatedBy: "parameters changed in memory on rank 2").count == 2, "\(run)")
            let resumed = try texts.startResume(ranks: 2, run: "run", ["--on-fault", "restore"])
            #expect(try finished(resumed, in: texts, run: "run").finalDigest == String(try Self.undisturbed.get()[1]))
        }

        @Test("A few gradients that are not finite are skipped")
        func notFiniteForAWhile() throws {
            let (run, words) = try Self.outcome(3, ["--what", "nan", "--steps", "2"])
            #expect(run.status == 0 && words.count == 4 && words[2...] == ["0", "1.0"], "\(run)")
        }

        @Test("Persistent gradients that are not finite roll the run back with half the learning rate")
        func notFinite() throws {
            let (run, words) = try Self.outcome(3, ["--what", "nan", "--steps", "3"])
            #expect(run.status == 0 && words.count == 4 && words[2...] == ["1", "0.5"], "\(run)")
        }

        @Test("A return to a checkpoint within a job leaves a better best model of the abandoned steps as it is, byte by byte")
        func betterBest() throws {
            let texts = try TrainingFolder(lines: 1)
            // The best model is that of step 32. The run then returns to the beginning three times, each time with half the learning rate.
            let options = [
                "silent-faults", "--what", "nan", "--validate-every", "32", "--checkpoint-every", "1000", "--run",
            ]
            let ended = try ProgramRun.onRanks(
                2, "rank-checks", options + [texts.path("ended"), "--steps", "3", "--max-rollbacks", "0"])
            #expect(ended.status == 64, "\(ended)")
            let returned = try ProgramRun.onRanks(2, "rank-checks", options + [texts.path("returned"), "--steps", "9"])
            #expect(returned.status == 0 && returned.lines.last?.hasSuffix(" 3 0.125") == true, "\(returned)")
            let losses = try RunLog(run: texts.path("returned")).events.filter { $0["event"] == "validation" }
                .compactMap { Double($0["loss"] ?? "") }
            #expect(losses.count > 4 && losses.dropFirst().allSatisfy { $0 > losses[0] }, "\(losses)")
            #expect(try values("ended", texts) == values("returned", texts))
        }

        /// The bytes of `best.safetensors` after its header, which differs by the identity of the run.
        private func values(_ run: String, _ texts: TrainingFolder) throws -> Data {
            let bytes = try texts.bytes(run + "/best.safetensors")
            let length = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
            return bytes.dropFirst(8 + length)
        }

        @Test("Recurring gradients that are not finite end the run after three rollbacks with status 64")
        func diverged() throws {
            let (run, _) = try Self.outcome(3, ["--what", "nan", "--steps", "1000"])
            #expect(run.status == 64, "\(run)")
            #expect(run.errors.contains("training has diverged, after 3 returns to a checkpoint"), "\(run)")
        }
    }
}
