import Checkpoints
import Foundation
import TestSupport
import Testing

extension TrainingOverRanks {
    /// The file best.safetensors defines the best model; all reports must agree with it.
    @Suite("best.safetensors contains the reported best model", .serialized)
    struct BestModelTests {
        private let texts: TrainingFolder
        private static let small = [
            "--hidden-size", "8", "--embedding-size", "8", "--batch-size", "4", "--bptt", "8", "--learning-rate", "0.01",
            "--validate-every", "20", "--checkpoint-every", "30 steps", "--keep", "20",
        ]

        init() throws { texts = try TrainingFolder(options: Self.small, lines: 300, validLines: 40) }

        private var best: String { texts.path("run/best.safetensors") }

        /// The validation loss in a checkpoint.
        private struct State: Decodable {
            struct Convergence: Decodable { let lastLoss: Double }
            let step: Int
            let convergence: Convergence
        }

        /// Expects that all figures of the best model are those of the file: its validation loss, its test loss, its step and its digest.
        private func expectOneModel(_ log: RunLog, location: SourceLocation = #_sourceLocation) throws {
            let end = try #require(log.events.last)
            let reader = try SafetensorsReader(path: best)
            let text = try #require(reader.metadata["state"])
            let state = try JSONDecoder().decode(State.self, from: Data(text.utf8))
            #expect(end["best_parameters_digest"] == reader.metadata["parameters_digest"], sourceLocation: location)
            #expect(end["best_step"] == "\(state.step)", sourceLocation: location)
            #expect(end["best_loss"].flatMap { Double($0) } == state.convergence.lastLoss, sourceLocation: location)
            let tested = try ProgramRun.alone(
                "rnntrain", ["evaluate", "--json", "--checkpoint", best, "--data", texts.path("test.txt")], folder: texts.folder)
            let loss = RunLog.fields(of: tested.output.trimmingCharacters(in: .newlines))["loss"]
            #expect(end["test_loss"] == loss && end["test_of"] == "best", "\(end), \(tested)", sourceLocation: location)
        }

        private func removeCheckpoints(from step: Int) throws {
            for step in texts.checkpointSteps(run: "run").filter({ $0 >= step }) {
                try FileManager.default.removeItem(atPath: texts.path(texts.checkpoint(run: "run", step: step)))
            }
        }

        @Test("A better model replaces one of abandoned steps, also if it is better by less than --epsilon")
        func withinEpsilon() throws {
            _ = try finished(
                try texts.start(ranks: 1, run: "run", ["--epochs", "1", "--learning-rate", "0.00001"]), in: texts, run: "run")
            try removeCheckpoints(from: 20)
            let options = ["--learning-rate", "0.01", "--epsilon", "1"]
            let outcome = try texts.startResume(ranks: 1, run: "run", options).end(timeLimit: 30)
            #expect(outcome.status == 0 && !outcome.output.contains("  lost"), "\(outcome)")
            try expectOneModel(try RunLog(run: texts.path("run")))
            let verified = try ProgramRun.alone("rnntrain", ["verify", "run"], folder: texts.folder)
            #expect(verified.status == 0, "\(verified)")
        }

        @Test(
            "An older best model, as from a backup, is replaced by the checkpoint of the best step; evaluate warns of it",
            arguments: [true, false])
        func olderBest(withEnd: Bool) throws {
            let options = ["--checkpoint-every", "20 steps", "--keep", "100"]
            _ = try finished(try texts.start(ranks: 1, run: "run", ["--epochs", "1"] + options), in: texts, run: "run")
            let older = try texts.bytes("run/best.safetensors")
            let log = try finished(try texts.startResume(ranks: 1, run: "run", ["--epochs", "2"]), in: texts, run: "run")
            try #require(try texts.bytes("run/best.safetensors") != older)
            let digest = log.events.last?["best_parameters_digest"]
            try texts.write("run/best.safetensors", older)
            if withEnd {
                let evaluated = try ProgramRun.alone(
                    "rnntrain", ["evaluate", "--checkpoint", "run", "--data", "test.txt"], folder: texts.folder)
                #expect(evaluated.status == 0 && evaluated.errors.contains("the log has a better validation"), "\(evaluated)")
            } else {
                let lines = String(decoding: try texts.bytes("run/metrics.jsonl"), as: UTF8.self).split(separator: "\n")
                try texts.write("run/metrics.jsonl", lines.dropLast().map { $0 + "\n" }.joined())
            }
            let resumed = try texts.startResume(ranks: 1, run: "run", ["--epochs", "2"]).end(timeLimit: 30)
            #expect(resumed.status == 0 && resumed.output.contains("written again from the checkpoint of"), "\(resumed)")
            #expect(try RunLog(run: texts.path("run")).events.last?["best_parameters_digest"] == digest)
        }

        @Test("A job that resumes an older checkpoint with a worse learning rate does not replace a better model")
        func abandonedSteps() throws {
            try expectOneModel(
                try finished(try texts.start(ranks: 2, run: "run", ["--epochs", "1"]), in: texts, run: "run"))
            try removeCheckpoints(from: 20)
            let before = try texts.bytes("run/best.safetensors")
            let outcome = try texts.startResume(ranks: 2, run: "run", ["--learning-rate", "3"]).end(timeLimit: 30)
            #expect(outcome.status == 0 && outcome.output.contains("improved; the best is still step "), "\(outcome)")
            #expect(
                outcome.output.contains("later than the checkpoint from which the run continues; it is kept until"), "\(outcome)")
            #expect(try texts.bytes("run/best.safetensors") == before)
            let log = try RunLog(run: texts.path("run"))
            try expectOneModel(log)
            #expect(
                outcome.output.contains("  kept     the run continued from an earlier step than that of its best parameters"),
                "\(outcome)")
            #expect(log.events.last?["best_is_abandoned"] == "true")
            let again = try texts.startResume(ranks: 1, run: "run").end(timeLimit: 30)
            #expect(again.output.contains("  kept     the run continued"), "\(again)")
            let worse = log.events.suffix(8).filter { $0["event"] == "validation" }
            #expect(worse.count > 2 && worse.allSatisfy { $0["best"] == "false" }, "\(worse)")
            let verified = try ProgramRun.alone("rnntrain", ["verify", "run"], folder: texts.folder)
            #expect(verified.status == 0 && verified.output.contains("the run continued from an earlier step and"), "\(verified)")
        }

        @Test("A resume with the same options repeats the validation of the best parameters and logs it as the best")
        func repeatedSteps() throws {
            let first = try finished(try texts.start(ranks: 2, run: "run", ["--epochs", "1"]), in: texts, run: "run")
            let step = try #require(first.events.last?["best_step"])
            try removeCheckpoints(from: 20)
            let log = try finished(try texts.startResume(ranks: 1, run: "run"), in: texts, run: "run")
            let repeated = log.events.filter { $0["event"] == "validation" && $0["step"] == step }
            #expect(repeated.map { $0["best"] } == ["true", "true"], "\(repeated)")
            #expect(log.events.last?["best_step"] == step && log.events.last?["best_is_abandoned"] == nil)
            let verified = try ProgramRun.alone("rnntrain", ["verify", "run"], folder: texts.folder)
            #expect(verified.status == 0 && !verified.output.contains("continued from an earlier step"), "\(verified)")
        }

        @Test(
            "A better model replaces the best one; a lost one is reported, and the next validation writes another",
            arguments: [true, false])
        func lost(damaged: Bool) throws {
            try finished(try texts.start(ranks: 2, run: "run", ["--epochs", "1"]), in: texts, run: "run")
            try removeCheckpoints(from: 50)
            try loseBest(damaged: damaged)
            let outcome = try texts.startResume(ranks: 1, run: "run", ["--learning-rate", "3"]).end(timeLimit: 30)
            #expect(
                outcome.status == 0 && outcome.output.contains("of step 20, are lost; those of the next validation"), "\(outcome)"
            )
            try expectOneModel(try RunLog(run: texts.path("run")))
        }

        @Test("The best model of another run is rejected: verify reports it, and a resumed run writes its own")
        func anotherRuns() throws {
            try finished(try texts.start(ranks: 1, run: "other", ["--epochs", "1", "--seed", "2"]), in: texts, run: "other")
            try finished(try texts.start(ranks: 1, run: "run", ["--epochs", "1"]), in: texts, run: "run")
            try FileManager.default.removeItem(atPath: best)
            try texts.write("run/best.safetensors", try texts.bytes("other/best.safetensors"))
            let verified = try ProgramRun.alone("rnntrain", ["verify", texts.path("run")], folder: texts.folder)
            #expect(verified.status == 65 && verified.description.contains("its seed is 2, but the file has 1"), "\(verified)")
            let outcome = try texts.startResume(ranks: 1, run: "run", ["--epochs", "2"]).end(timeLimit: 30)
            #expect(outcome.status == 0 && outcome.output.contains("its seed is 2, but the file has 1"), "\(outcome)")
            #expect(
                outcome.output.contains("The rejected file is now \(texts.path("run/best-unused.safetensors"))"), "\(outcome)")
            #expect(try texts.bytes("run/best-unused.safetensors") == texts.bytes("other/best.safetensors"))
            try expectOneModel(try RunLog(run: texts.path("run")))
        }

        private func loseBest(damaged: Bool) throws {
            var bytes = try texts.bytes("run/best.safetensors")
            try FileManager.default.removeItem(atPath: best)
            bytes[bytes.count / 2] ^= 4
            if damaged { try texts.write("run/best.safetensors", bytes) }
        }

        @Test(
            "A lost best model is restored if the checkpoint of its step exists", arguments: [true, false],
            ["adam", "asgd", "nt-asgd"])
        func madeAnew(damaged: Bool, optimizer: String) throws {
            let options = ["--epochs", "1", "--validate-every", "30", "--optimizer", optimizer]
            let log = try finished(try texts.start(ranks: 2, run: "run", options), in: texts, run: "run")
            let before = try texts.bytes("run/best.safetensors")
            try loseBest(damaged: damaged)
            let outcome = try texts.startResume(ranks: 1, run: "run").end(timeLimit: 30)
            #expect(outcome.status == 0 && outcome.output.contains("It was written again from the checkpoint"), "\(outcome)")
            #expect(try texts.bytes("run/best.safetensors") == before)
            let (first, second) = (try #require(log.events.last), try RunLog(run: texts.path("run")).events.last)
            for key in ["best_step", "best_loss", "best_parameters_digest", "test_loss"] {
                #expect(first[key] != nil && first[key] == second?[key], "\(key)")
            }
        }

        @Test(
            "A best model that is damaged or missing at the end is an error, and no other model is tested instead",
            arguments: [true, false])
        func lostAtTheEnd(damaged: Bool) throws {
            // With this epsilon only the first validation is an improvement.
            let options = ["--epsilon", "10", "--epochs", "8", "--patience", "0"]
            let program = try texts.start(ranks: 2, run: "run", options)
            let isWritten = waitFor(30) { texts.checkpointSteps(run: "run").contains { $0 >= 60 } }
            try #require(isWritten)
            try loseBest(damaged: damaged)
            let outcome = try texts.expectRefusal(
                program, run: "run", status: damaged ? 65 : 66, says: ["The best parameters (step 20) are missing"])
            #expect(!outcome.output.contains("  test "), "\(outcome)")
            #expect(try RunLog(run: texts.path("run")).events.allSatisfy { $0["test_loss"] == nil })
            try expectLost(damaged: damaged, longer: "9")
        }

        /// Expects that a resume without a further step changes nothing, and that a longer run has a best model again.
        private func expectLost(damaged: Bool, longer epochs: String) throws {
            let verify = { try ProgramRun.alone("rnntrain", ["verify", texts.path("run")], folder: texts.folder) }
            let verified = try verify()
            #expect(
                verified.status == 65
                    && verified.output.contains("(step 20) are in no checkpoint. Restore the file from a backup"),
                "\(verified)")
            let log = try texts.bytes("run/metrics.jsonl")
            try texts.expectRefusal(
                try texts.startResume(ranks: 1, run: "run"), run: "run", status: damaged ? 65 : 66,
                says: ["The best parameters (step 20) are missing", "or use the newest checkpoint: --checkpoint "])
            #expect(try texts.bytes("run/metrics.jsonl") == log)
            #expect(FileManager.default.fileExists(atPath: best) == damaged)
            let resumed = try texts.startResume(ranks: 2, run: "run", ["--epochs", epochs]).end(timeLimit: 30)
            #expect(
                resumed.status == 0 && resumed.output.contains("of step 20, are lost; those of the next validation"), "\(resumed)"
            )
            let aside = texts.path("run/best-unused.safetensors")
            #expect(FileManager.default.fileExists(atPath: aside) == damaged && resumed.output.contains(aside) == damaged)
            let sound = try verify()
            #expect(sound.status == 0, "\(sound)")
        }

        @Test(
            "A resume after the end of a run tests no other parameters, and leaves the log, if the best ones are lost",
            arguments: [true, false], [true, false])
        func lostAfterTheEnd(damaged: Bool, hasTest: Bool) throws {
            var arguments = texts.arguments(run: "run", ["--epsilon", "10", "--epochs", "1", "--patience", "0"])
            let test = try #require(arguments.firstIndex(of: "--test"))
            if !hasTest { arguments.removeSubrange(test...test + 1) }
            let outcome = try ProgramRun.alone("rnntrain", arguments, folder: texts.folder)
            try #require(outcome.status == 0, "\(outcome)")
            try loseBest(damaged: damaged)
            try expectLost(damaged: damaged, longer: "2")
            if hasTest { try expectOneModel(try RunLog(run: texts.path("run"))) }
        }

        @Test("Without a test text, a run whose best model is missing at the end is done, with a warning")
        func lostWithoutTest() throws {
            var arguments = texts.arguments(run: "run", ["--epsilon", "10", "--epochs", "8"])
            let test = try #require(arguments.firstIndex(of: "--test"))
            arguments.removeSubrange(test...test + 1)
            let program = try ProgramRun.startOnRanks(2, "rnntrain", arguments, folder: texts.folder)
            let isWritten = waitFor(30) { texts.checkpointSteps(run: "run").contains { $0 >= 60 } }
            try #require(isWritten)
            try FileManager.default.removeItem(atPath: best)
            let outcome = try program.end(timeLimit: 30)
            #expect(outcome.status == 0 && outcome.errors.contains("best.safetensors: no such checkpoint"), "\(outcome)")
            #expect(!outcome.output.contains("  best  ") && outcome.output.contains("  lost  "), "\(outcome)")
            let end = try #require(try RunLog(run: texts.path("run")).events.last)
            #expect(end["event"] == "end" && end["reason"] == "epochs" && end["lost_best_step"] == "20", "\(end)")
        }

        @Test("A job that is stopped after the best model was removed names no best model, and reports what is lost")
        func lostWhenStopped() throws {
            let program = try texts.start(ranks: 1, run: "run", ["--epsilon", "10", "--epochs", "100000"])
            let isWritten = waitFor(30) { texts.checkpointSteps(run: "run").contains { $0 >= 60 } }
            try #require(isWritten)
            try FileManager.default.removeItem(atPath: best)
            program.send(SIGUSR1)
            let outcome = try program.end(timeLimit: 30)
            #expect(
                outcome.status == 75 && outcome.errors.contains("best.safetensors: no such checkpoint"), "\(outcome)")
            #expect(!outcome.output.contains("  best  ") && outcome.output.contains("  lost  "), "\(outcome)")
            let end = try #require(try RunLog(run: texts.path("run")).events.last)
            #expect(end["best_loss"] == nil && end["lost_best_step"] == "20")
        }

        @Test("A learning rate that a rollback has reduced is reported, and an explicit one overrides it")
        func loweredRate() throws {
            try finished(try texts.start(ranks: 1, run: "run", ["--epochs", "1", "--log-every", "1"]), in: texts, run: "run")
            try removeCheckpoints(from: 50)
            try lowerRate(texts.path(texts.checkpoint(run: "run", step: 30)))
            let same = try texts.startResume(ranks: 1, run: "run", ["--checkpoint-every", "1000 steps"]).end(timeLimit: 30)
            #expect(same.output.contains("the learning rate 0.01 is multiplied by 0.25"), "\(same)")
            #expect(try RunLog(run: texts.path("run")).events.last { $0["event"] == "step" }?["learning_rate"] == "0.0025")
            try removeCheckpoints(from: 50)
            let other = try texts.startResume(ranks: 1, run: "run", ["--learning-rate", "0.02"]).end(timeLimit: 30)
            #expect(other.output.contains("the given learning rate 0.02 is used; the factor 0.25"), "\(other)")
            #expect(try RunLog(run: texts.path("run")).events.last { $0["event"] == "step" }?["learning_rate"] == "0.02")
            let longer = try texts.startResume(ranks: 1, run: "run", ["--epochs", "2"]).end(timeLimit: 30)
            for outcome in [other, longer] {
                #expect(outcome.output.contains("  returned to a checkpoint after a divergence"), "\(outcome)")
            }
            #expect(try RunLog(run: texts.path("run")).events.last?["rate_scale"] == "1.0")
        }

        /// Rewrites the checkpoint as after two rollbacks.
        private func lowerRate(_ path: String) throws {
            let reader = try SafetensorsReader(path: path)
            let state = try #require(reader.metadata["state"])
            let metadata = reader.metadata.merging(["state": "{\"rateScale\":0.25," + state.dropFirst()]) { $1 }
            let values = try reader.arrays.map { try reader.elements(of: $0.name, as: Float.self, shape: $0.shape) }
            let copies = values.map { values in
                let copy = UnsafeMutableBufferPointer<Float>.allocate(capacity: values.count)
                _ = copy.initialize(from: values)
                return copy
            }
            defer { copies.forEach { $0.deallocate() } }
            let arrays = zip(reader.arrays, copies).map { array, copy in
                NamedArray(name: array.name, shape: array.shape, elements: UnsafeBufferPointer(copy))
            }
            try SafetensorsWriter.write(Checkpoint(arrays: arrays, metadata: metadata), to: path)
        }
    }
}
