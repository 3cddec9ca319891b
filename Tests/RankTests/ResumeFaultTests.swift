import Foundation
import TestSupport
import Testing

extension TrainingOverRanks {
    @Suite("A resume refuses changed inputs and skips damaged checkpoints", .serialized)
    struct ResumeFaultTests {
        private let texts: TrainingFolder
        private static let options = ["--epochs", "2", "--checkpoint-every", "10 steps"]
        private static let reference = Result {
            let texts = try TrainingFolder(lines: 100)
            return try finished(try texts.start(ranks: 2, run: "whole", options), in: texts, run: "whole")
        }

        /// A run that ended after the first of two epochs.
        init() throws {
            texts = try TrainingFolder(lines: 100)
            try finished(
                try texts.start(ranks: 2, run: "run", Self.options + ["--epochs", "1", "--checkpoint-every", "3"]), in: texts,
                run: "run")
        }

        private func expectFault(
            _ options: [String] = [], status: Int32, says parts: String..., location: SourceLocation = #_sourceLocation
        ) throws {
            let program = try texts.startResume(ranks: 2, run: "run", options)
            try texts.expectRefusal(program, run: "run", status: status, says: parts, location: location)
        }

        @Test("Another text is refused, with both digests")
        func otherText() throws {
            let text = String(decoding: try texts.bytes("train.txt"), as: UTF8.self)
            try texts.write("train.txt", text + "a\n")
            let outcome = try texts.expectRefusal(
                try texts.startResume(ranks: 2, run: "run"), run: "run", status: 65,
                says: ["the run was started with another text for --train", "Resume with the same text, or start a new run"])
            let digests = outcome.errors.matches(of: /of this file is ([0-9a-f]{16}); expected ([0-9a-f]{16})/)
            #expect(digests.count == 1 && digests.first?.1 != digests.first?.2, "\(outcome)")
            try texts.write("train.txt", text)
            try texts.write("moved.txt", text)
            try expectResumed(["--train", texts.path("moved.txt")])
        }

        @Test("Another vocabulary, model or batch size is refused, with both values of each difference")
        func otherModel() throws {
            try expectFault(
                ["--hidden-size", "41"], status: 64, says: "cannot change --hidden-size from 40 to 41", "start a new run")
            try expectFault(
                ["--vocabulary-size", "30", "--shards", "4", "--seed", "2"], status: 64,
                says: "--vocabulary-size from not set to 30; --seed from 1 to 2; --shards from 8 to 4")
        }

        @Test("More ranks than the run's shards are refused")
        func ranks() throws {
            try texts.expectRefusal(
                try texts.startResume(ranks: 9, run: "run"), run: "run", status: 64, says: ["9 ranks cannot share 8 shards."])
        }

        /// A launcher kills the other ranks as soon as one has ended with an error. On a busy machine they are then still in `MPI_Finalize`.
        @Test("The death of a rank in MPI_Finalize adds no line to the error of the job")
        func deathInFinalize() throws {
            try texts.write(
                "finalize.c",
                """
                #define _GNU_SOURCE
                #include <dlfcn.h>
                #include <signal.h>
                #include <stdio.h>
                #include <stdlib.h>
                #include <unistd.h>
                int MPI_Finalize(void) {
                    int rank = atoi(getenv("OMPI_COMM_WORLD_RANK")), first = 0;
                    FILE *file = rank ? NULL : fopen("first", "w");
                    if (file) fprintf(file, "%d", getpid()), fclose(file);
                    int code = ((int (*)(void))dlsym(RTLD_NEXT, "MPI_Finalize"))();
                    if (rank == 2) {
                        file = fopen("first", "r");
                        fscanf(file, "%d", &first);
                        while (kill(first, 0) == 0) usleep(1000);
                        raise(SIGKILL);
                    }
                    if (rank > 0) sleep(2);
                    return code;
                }
                """)
            let built = try ProgramRun.run(
                URL(fileURLWithPath: "/usr/bin/env"), ["clang", "-shared", "-fPIC", "-o", "libfinalize.so", "finalize.c"],
                environment: [:], folder: texts.folder, timeLimit: 60)
            try #require(built.status == 0, "\(built)")
            let others = ProcessInfo.processInfo.environment["LD_PRELOAD"].map { $0 + " " } ?? ""
            let preload = ["LD_PRELOAD": others + texts.path("libfinalize.so")]
            let program = try texts.startResume(ranks: 9, run: "run", environment: preload)
            try texts.expectRefusal(program, run: "run", status: 64, says: ["9 ranks cannot share 8 shards."])
        }

        @Test(
            "If the newest checkpoint is truncated or altered, the run resumes from the previous one and says so",
            arguments: [true, false])
        func newestDamaged(cut: Bool) throws {
            let newest = try #require(texts.checkpointSteps(run: "run").last)
            let name = texts.checkpoint(run: "run", step: newest)
            try damage(name, cut: cut)
            let outcome = try expectResumed([])
            #expect(outcome.errors.components(separatedBy: "skipped: \(texts.path(name)) is damaged").count == 2, "\(outcome)")
        }

        @Test("If no checkpoint passes verification, the error gives all reasons")
        func allDamaged() throws {
            let steps = texts.checkpointSteps(run: "run")
            #expect(steps.count == 2)
            for step in steps { try damage(texts.checkpoint(run: "run", step: step), cut: step == steps[0]) }
            try expectFault(
                status: 65, says: "no valid checkpoint: ", texts.checkpoint(run: "run", step: steps[0]),
                texts.checkpoint(run: "run", step: steps[1]), "Restore one of them; or remove them")
        }

        @Test("An altered token file is written again", arguments: ["cut", "token", "order"])
        func tokenFile(damage: String) throws {
            var bytes = try texts.bytes("run/data/train.tokens")
            switch damage {
            case "cut": bytes.removeLast(5)
            case "token": bytes[bytes.count - 100] = 0xff  // outside the vocabulary
            default: bytes.swapAt(bytes.count - 100, bytes.count - 101)
            }
            try texts.write("run/data/train.tokens", bytes)
            try expectResumed([])
        }

        @Test("A full disk ends the run with status 74, and the previous checkpoint can be resumed")
        func fullDisk() throws {
            // A limit on file sizes, in units of 512 bytes, simulates a full disk: it needs no privileges, and the same calls
            // fail. The limit exceeds the size of Open MPI's own files, so the model must be larger than that.
            let large = ["--hidden-size", "300", "--embedding-size", "200", "--exchange", "messages", "--epochs", "1"]
            try finished(try texts.start(ranks: 2, run: "large", large), in: texts, run: "large")
            let before = texts.checkpointSteps(run: "large")
            let limited = try texts.startResume(ranks: 2, run: "large", ["--epochs", "2"], prelude: "ulimit -f 20000")
            try texts.expectRefusal(
                limited, run: "large", status: 74,
                says: ["was not written", "(ulimit -f)"])
            #expect(texts.checkpointSteps(run: "large") == before)
            let resumed = try finished(try texts.startResume(ranks: 2, run: "large", ["--epochs", "2"]), in: texts, run: "large")
            let whole = try finished(try texts.start(ranks: 2, run: "whole", large + ["--epochs", "2"]), in: texts, run: "whole")
            #expect(resumed.finalDigest == whole.finalDigest)
        }

        @Test("evaluate and generate refuse damaged and foreign files")
        func foreignFiles() throws {
            let good = texts.checkpoint(run: "run", step: try #require(texts.checkpointSteps(run: "run").last))
            try texts.write("cut.safetensors", try texts.bytes(good).dropLast(1))
            var bytes = try texts.bytes(good)
            bytes[bytes.count / 2] ^= 4
            try texts.write("altered.safetensors", bytes)
            try texts.write("empty.safetensors", Data())
            for name in ["cut.safetensors", "altered.safetensors", "empty.safetensors", "train.txt", "run/data/train.tokens"] {
                try expectDamage(try alone(["evaluate", "--data", "test.txt", "--checkpoint", name]), name)
                try expectDamage(try alone(["generate", "--checkpoint", name]), name)
            }
            let ranks = try ProgramRun.onRanks(2, "rnntrain", ["generate", "--checkpoint", "train.txt"], folder: texts.folder)
            try expectDamage(ranks, "train.txt", processes: 2)
        }

        private func alone(_ arguments: [String]) throws -> ProgramRun {
            try ProgramRun.alone("rnntrain", arguments, folder: texts.folder)
        }

        private func expectDamage(_ run: ProgramRun, _ name: String, processes: Int = 1) throws {
            #expect(run.status == 65 && run.output == "", "\(run)")
            let message = "rnntrain: error: \(name) is damaged or not a checkpoint: "
            // mpirun ends the other ranks when one exits with an error.
            #expect((1...processes).contains(run.errors.components(separatedBy: message).count - 1), "\(run)")
        }

        /// Resumes to the end of the second epoch. The digest must be that of an uninterrupted run.
        @discardableResult
        private func expectResumed(_ options: [String], location: SourceLocation = #_sourceLocation) throws -> ProgramRun {
            let outcome = try texts.startResume(ranks: 3, run: "run", ["--epochs", "2"] + options).end(timeLimit: 30)
            #expect(outcome.status == 0, "\(outcome)", sourceLocation: location)
            let digest = try RunLog(run: texts.path("run")).finalDigest
            #expect(try digest == Self.reference.get().finalDigest, "\(outcome)", sourceLocation: location)
            return outcome
        }

        private func damage(_ name: String, cut: Bool) throws {
            var bytes = try texts.bytes(name)
            if cut { bytes.removeLast(bytes.count / 3) } else { bytes[bytes.count - 1000] ^= 1 }
            try texts.write(name, bytes)
        }
    }
}
