import Foundation
import TestSupport
import Testing

extension TrainingOverRanks {
    /// Conditions that occur on one rank only, or in a run of one rank.
    @Suite("A condition on one rank reaches all ranks", .serialized)
    struct LoneRankTests {
        private static let options = [
            "--hidden-size", "8", "--embedding-size", "8", "--batch-size", "4", "--bptt", "20", "--epochs", "1", "--layers", "1",
        ]
        private static let library =
            Sanitizers.plainFaultLibrary ?? ProgramRun.buildFolder.appendingPathComponent("libfile-faults.so").path
        private let texts: TrainingFolder

        init() throws { texts = try TrainingFolder(options: Self.options, lines: 100, validLines: 10) }

        /// Runs one process without a launcher, with faults of calls on files or threads.
        private func alone(_ more: [String], fault: [String: String]) throws -> ProgramRun {
            try ProgramRun.alone(
                "rnntrain", texts.arguments(run: "run", more), environment: fault.merging(["LD_PRELOAD": Self.library]) { $1 },
                folder: texts.folder, timeLimit: 20)
        }

        @Test(
            "A text or a configuration that is missing on one node is an error of the job", arguments: ["train.txt", "own.toml"])
        func missingFile(name: String) throws {
            try texts.write("own.toml", "layers = 1")
            let arguments =
                ["--train", "train.txt", "--valid", "valid.txt", "--run", texts.path("run"), "--config", "own.toml"]
                + Self.options
            let elsewhere = texts.path("elsewhere")
            try texts.writeDeep(
                "elsewhere/" + (name == "own.toml" ? "train.txt" : "own.toml"), name == "own.toml" ? "a" : "layers = 1")
            let program = try ProgramRun.startOnRanks(
                3, "rnntrain", arguments, prelude: "[ \"$OMPI_COMM_WORLD_RANK\" = 1 ] && cd '\(elsewhere)'", folder: texts.folder)
            try texts.expectRefusal(
                program, run: "run", status: 66, says: ["rank 1 (", name + ": "])
        }

        @Test("A rank with other options than rank 0 is an error of the job", arguments: [[], ["--dry-run"]])
        func otherOptions(further: [String]) throws {
            try texts.writeDeep("elsewhere/rnntrain.toml", "seed = 7")
            let arguments =
                ["--train", texts.path("train.txt"), "--valid", texts.path("valid.txt"), "--run", texts.path("run")]
                + Self.options
                + further
            let program = try ProgramRun.startOnRanks(
                3, "rnntrain", arguments,
                prelude: "[ \"$OMPI_COMM_WORLD_RANK\" = 1 ] && cd '\(texts.path("elsewhere"))'", folder: texts.folder)
            try texts.expectRefusal(
                program, run: "run", status: 64,
                says: ["rank 1 (", "this rank has other options than rank 0: it has seed = 7, rank 0 has seed = 1."])
        }

        @Test("Ranks of different builds of the program train with a warning, and the log has all builds")
        func otherBuild() throws {
            let other = try OtherBuild(of: "rnntrain", to: texts.path("other"))
            let program = try texts.start(
                ranks: 3, run: "run", Self.options + ["--epochs", "1"],
                prelude: "[ \"$OMPI_COMM_WORLD_RANK\" = 1 ] && exec '\(other.path)' \"$@\"")
            let outcome = try program.end(timeLimit: 60)
            let builds = "\(other.original), \(other.changed)"
            #expect(
                outcome.status == 0
                    && outcome.errors.contains("warning: the ranks run 2 builds of the program, \(builds), whose"), "\(outcome)")
            #expect(try RunLog(run: texts.path("run")).events.first?["build"] == builds)
        }

        @Test("A rank that never starts ends the job after the stall limit")
        func missingRank() throws {
            let program = try texts.start(
                ranks: 3, run: "run", ["--stall-limit", "2s"],
                prelude: "[ \"$OMPI_COMM_WORLD_RANK\" = 1 ] && exec sleep 30")
            try texts.expectRefusal(program, run: "run", status: 70, says: ["rank 0 (", " s for all ranks to start"])
        }

        @Test("A rank that hangs while it reads a text ends the job")
        func hangingText() throws {
            let fault = [
                "RNNTRAIN_FAULT": "-3", "RNNTRAIN_FAULT_SECONDS": "15", "RNNTRAIN_FAULT_CALL": "3",
                "RNNTRAIN_FAULT_FOLDER": texts.path("train.txt"),
            ]
            let outcome = try alone(["--stall-limit", "1s"], fault: fault)
            #expect(outcome.status == 70 && !outcome.timedOut, "\(outcome)")
            #expect(outcome.errors.contains("has made no progress for 1 s in the phase 'reading the texts'"), "\(outcome)")
            #expect(outcome.errors.contains("nothing is lost") && !outcome.errors.contains("--resume"), "\(outcome)")
        }

        @Test("A rank that waits for the disk while it reads a text does not end the job")
        func slowText() throws {
            let fault = [
                "RNNTRAIN_FAULT": "-4", "RNNTRAIN_FAULT_SECONDS": "4", "RNNTRAIN_FAULT_CALL": "3",
                "RNNTRAIN_FAULT_FOLDER": texts.path("train.txt"), "RNNTRAIN_FAULT_MARK": texts.path("mark"),
            ]
            let outcome = try alone(["--stall-limit", "1s"], fault: fault)
            #expect(outcome.status == 0, "\(outcome)")
            #expect(FileManager.default.fileExists(atPath: texts.path("mark")), "the disk was never slow")
        }

        @Test(
            "The time limit includes waits for a slow disk: the run saves by then, or is refused and leaves no folder",
            arguments: [("train.txt", 3, "7s", Int32(75)), ("train.txt", 3, "2s", 64), ("own.toml", 2, "1s", 64)])
        func limitOnSlowDisk(name: String, call: Int, limit: String, status: Int32) throws {
            try texts.write("own.toml", "layers = 1")
            let fault = [
                "RNNTRAIN_FAULT": "-3", "RNNTRAIN_FAULT_SECONDS": "4", "RNNTRAIN_FAULT_CALL": "\(call)",
                "RNNTRAIN_FAULT_FOLDER": texts.path(name),
            ]
            let start = Date()
            let outcome = try alone(
                ["--config", texts.path("own.toml"), "--epochs", "100000", "--validate-every", "100000", "--time-limit", limit],
                fault: fault)
            let seconds = Date().timeIntervalSince(start)
            #expect(outcome.status == status && (4...8).contains(seconds), "after \(seconds) s: \(outcome)")
            #expect((texts.checkpointSteps(run: "run").last ?? 0 > 0) == (status == 75))
            #expect(FileManager.default.fileExists(atPath: texts.path("run")) == (status == 75))
            guard status == 64 else { return }
            #expect(outcome.errors.hasPrefix("rnntrain: error: the time limit of "), "\(outcome)")
            #expect(outcome.errors.hasSuffix(" (--time-limit) passed before the first step. Use a longer limit.\n"), "\(outcome)")
            #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome)")
        }

        @Test("The watchdog does not limit a wait for a disk")
        func slowDisk() throws {
            let fault = [
                "RNNTRAIN_FAULT": "-3", "RNNTRAIN_FAULT_SECONDS": "3", "RNNTRAIN_FAULT_CALL": "155",
                "RNNTRAIN_FAULT_FOLDER": texts.path("run"), "RNNTRAIN_FAULT_MARK": texts.path("mark"),
            ]
            let outcome = try alone(["--stall-limit", "1s", "--checkpoint-every", "1 steps"], fault: fault)
            #expect(outcome.status == 0, "\(outcome)")
            #expect(FileManager.default.fileExists(atPath: texts.path("mark")), "the disk was never slow")
        }

        @Test("The watchdog does not limit a wait for a disk in a call that the rank has not announced")
        func slowCall() throws {
            let program = try texts.start(
                ranks: 2, run: "run", ["--epochs", "100000", "--stall-limit", "1s", "--checkpoint-every", "10 steps"],
                prelude: "export LD_PRELOAD='\(Self.library)':$LD_PRELOAD RNNTRAIN_FAULT_SLEEP=3")
            try #require(waitFor(120) { texts.checkpointSteps(run: "run").last ?? 0 >= 10 })
            let rank = try #require(ProcessTable.processes(of: "rnntrain", naming: texts.path("run")).last)
            kill(rank, SIGPROF)
            usleep(1_500_000)
            let step = texts.checkpointSteps(run: "run").last ?? 0
            usleep(1_000_000)
            #expect(texts.checkpointSteps(run: "run").last == step, "the rank did not sleep")
            #expect(waitFor(20) { texts.checkpointSteps(run: "run").last ?? 0 > step + 20 }, "the run did not go on")
            kill(rank, SIGUSR1)
            let outcome = try program.end(timeLimit: 20)
            #expect(outcome.status == 75, "\(outcome)")
        }

        @Test("A run needs the thread of the watchdog, but not that of the checkpoint writer")
        func threads() throws {
            let unwatched = try alone([], fault: ["RNNTRAIN_FAULT_THREADS": "1"])
            #expect(unwatched.status == 70 && unwatched.errors.contains("no thread can be started that watches"), "\(unwatched)")
            let waiting = try alone([], fault: ["RNNTRAIN_FAULT_THREADS": "2"])
            #expect(waiting.status == 0 && waiting.errors.contains("no thread for writing checkpoints"), "\(waiting)")
        }

        /// Open MPI itself starts four threads.
        @Test("If the system gives one rank too few threads, all ranks end", arguments: [0, 1], [1, 5])
        func threadsOfOneRank(rank: Int, first: Int) throws {
            let fault = "export LD_PRELOAD='\(Self.library)':$LD_PRELOAD RNNTRAIN_FAULT_THREADS=\(first)"
            let program = try texts.start(ranks: 2, run: "run", prelude: "[ \"$OMPI_COMM_WORLD_RANK\" = \(rank) ] && \(fault)")
            try texts.expectRefusal(
                program, run: "run", status: 70,
                says: ["thread", "Raise the limits on processes, memory and open files (ulimit "])
            #expect(!FileManager.default.fileExists(atPath: texts.path("run")))
        }

        @Test("Ranks exchange messages if the folder of the shared memory is missing")
        func missingSharedFolder() throws {
            let program = try texts.start(
                ranks: 2, run: "run", environment: ["OMPI_MCA_osc_sm_backing_directory": "/dev/null/missing"])
            let outcome = try program.end(timeLimit: 30)
            #expect(outcome.status == 0, "\(outcome)")
            #expect(outcome.output.contains("note: exchanging messages instead of using a shared window: "), "\(outcome)")
            let usual = try finished(try texts.start(ranks: 2, run: "usual"), in: texts, run: "usual")
            expectSame(try RunLog(run: texts.path("run")), usual, "with messages")
        }

        @Test(
            "The error of an MPI that cannot share memory says what to do",
            .disabled(if: Sanitizers.areOn, "Open MPI 4.1 calls a pointer of a window that it has not initialized."))
        func noSharedMemory() throws {
            let outcome = try texts.start(ranks: 2, run: "run", environment: ["OMPI_MCA_osc": "^sm"]).end(timeLimit: 30)
            #expect(outcome.status == 70 && outcome.errors.contains("MPI_Win_allocate_shared failed: "), "\(outcome)")
            #expect(outcome.errors.contains(". Use --exchange messages, or make /dev/shm writable."), "\(outcome)")
        }

        @Test("A signal stops a validation at once")
        func signalInValidation() throws {
            let long = try TrainingFolder(options: Self.options, lines: 20, validLines: 400_000)
            let program = try long.start(ranks: 2, run: "run", [])
            #expect(waitFor(30) { !long.checkpointSteps(run: "run").isEmpty })
            usleep(300_000)
            for rank in ProcessTable.processes(of: "rnntrain", naming: long.path("run")) { kill(rank, SIGTERM) }
            let outcome = try program.end(timeLimit: 10)
            #expect(outcome.status == 75 && !outcome.timedOut, "\(outcome)")
        }
    }
}
