import Foundation
import TestSupport
import Testing

extension TrainingOverRanks {
    @Suite("A signal at the start of a job ends it with status 75, a time limit with 64", .serialized)
    struct EarlySignalTests {
        private static let options = [
            "--hidden-size", "8", "--embedding-size", "8", "--batch-size", "4", "--bptt", "20", "--epochs", "1000", "--layers",
            "1",
        ]
        private let texts: TrainingFolder

        init() throws { texts = try TrainingFolder(options: Self.options, lines: 100, validLines: 10) }

        @Test("Signals to a rank that waits in MPI_Init do not end it there", arguments: [SIGTERM, SIGINT, SIGHUP])
        func inMPI(signal: Int32) throws {
            let program = try texts.start(ranks: 2, run: "run", prelude: "[ \"$OMPI_COMM_WORLD_RANK\" = 1 ] && sleep 1")
            let path = texts.path("run")
            #expect(waitFor(20) { !ProcessTable.processes(of: "rnntrain", naming: path).isEmpty })
            usleep(400_000)
            let rank = try #require(ProcessTable.processes(of: "rnntrain", naming: path).first)
            #expect(kill(rank, signal) == 0)
            let outcome = try program.end(timeLimit: 20)
            #expect(outcome.status == 75 && !outcome.timedOut, "\(outcome)")
            #expect(outcome.errors.contains("rnntrain: error: stopped by SIG"), "\(outcome)")
            #expect(outcome.errors.contains("Nothing is lost"), "\(outcome)")
        }

        /// Starts a job whose rank 0 never returns from the library that divides the text into tokens.
        private func endlessJob(ranks: Int, _ options: [String] = [], environment: [String: String] = [:]) throws
            -> RunningProgram
        {
            let arguments = [
                "--train", texts.path("train.txt"), "--valid", texts.path("valid.txt"), "--run", texts.path("run"), "--tokens",
                "regex", "--token-pattern", ".",
            ]
            return try ProgramRun.startOnRanks(
                ranks, "rnntrain", arguments + Self.options + options,
                environment: environment.merging(["LD_LIBRARY_PATH": try endlessLibrary()]) { $1 }, folder: texts.folder)
        }

        @Test(
            "A time limit ends a job before its first step also if a rank is in a call that does not return", arguments: [1, 2])
        func limitInLongCall(ranks: Int) throws {
            let limit = 3 * Sanitizers.patience
            let jobs = [
                try endlessJob(ranks: ranks, ["--time-limit", "\(limit)s"]),
                try endlessJob(ranks: ranks, environment: ["SLURM_JOB_END_TIME": "\(Int(Date().timeIntervalSince1970 + limit))"]),
            ]
            for (job, name) in zip(jobs, ["--time-limit", "SLURM_JOB_END_TIME"]) {
                let outcome = try job.end(timeLimit: 20)
                #expect(outcome.status == 64 && !outcome.timedOut, "\(outcome)")
                let messages = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("rnntrain: error: ") }
                #expect(messages.count == 1 && messages[0].contains("passed before the first step"), "\(outcome)")
                #expect(messages.first?.contains(name) == true, "\(outcome)")
                #expect(!FileManager.default.fileExists(atPath: texts.path("run")))
            }
        }

        @Test("A signal ends a job before its first step also if a rank is in a call that does not return", arguments: [1, 2])
        func inLongCall(ranks: Int) throws {
            let program = try endlessJob(ranks: ranks)
            let path = texts.path("run")
            #expect(waitFor(20) { ProcessTable.processes(of: "rnntrain", naming: path).count == ranks })
            usleep(1_500_000)
            for rank in ProcessTable.processes(of: "rnntrain", naming: path) { #expect(kill(rank, SIGTERM) == 0) }
            let outcome = try program.end(timeLimit: 20)
            #expect(outcome.status == 75 && !outcome.timedOut, "\(outcome)")
            #expect(
                outcome.errors.split(separator: "\n").filter { $0.contains("stopped by SIGTERM before the first step") }.count
                    == 1, "\(outcome)")
            #expect(!FileManager.default.fileExists(atPath: path))
        }

        /// A folder with a library of regular expressions in which a match never ends.
        private func endlessLibrary() throws -> String {
            let constants = ["compile_context_create", "compile", "match_context_create", "match_data_create_from_pattern"]
            let others = [
                "set_newline", "compile_context_free", "code_free", "set_match_limit", "set_heap_limit", "match_context_free",
                "get_ovector_pointer", "match_data_free", "get_error_message",
            ]
            var code = "int pcre2_config_8(int what, int *value) { if (what == 9) *value = 1; return 0; }\n"
            code += "int pcre2_match_8(void) { for (volatile int i = 0;; i++); }\n"
            for name in constants { code += "void *pcre2_\(name)_8(void) { return \"\"; }\n" }
            for name in others { code += "int pcre2_\(name)_8(void) { return 0; }\n" }
            try texts.writeDeep("endless/library.c", code)
            let compiled = try ProgramRun.run(
                URL(fileURLWithPath: "/usr/bin/env"),
                [
                    "clang", "-shared", "-fPIC", "-Wno-everything", "-o", texts.path("endless/libpcre2-8.so.0"),
                    texts.path("endless/library.c"),
                ],
                environment: ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin"], folder: nil, timeLimit: 60)
            try #require(compiled.status == 0, "\(compiled)")
            return texts.path("endless")
        }

        @Test("A process without a launcher ends at once before its work; a command without MPI keeps the default effect")
        func alone() throws {
            let library =
                Sanitizers.plainFaultLibrary ?? ProgramRun.buildFolder.appendingPathComponent("libfile-faults.so").path
            try texts.write("slow.toml", "layers = 1")
            try texts.write("slow.safetensors", "")
            let fault = [
                "RNNTRAIN_FAULT": "-3", "RNNTRAIN_FAULT_SECONDS": "10", "RNNTRAIN_FAULT_CALL": "1", "LD_PRELOAD": library,
                "RNNTRAIN_FAULT_FOLDER": texts.path("slow."), "RNNTRAIN_FAULT_MARK": texts.path("mark"),
            ]
            let commands = [
                (texts.arguments(run: "run", ["--config", texts.path("slow.toml")]), Int32(75)),
                (["--print-config", "--config", texts.path("slow.toml")], SIGTERM),
                (["evaluate", "--data", texts.path("valid.txt"), "--checkpoint", texts.path("slow.safetensors")], SIGTERM),
            ]
            for (arguments, status) in commands {
                try? FileManager.default.removeItem(atPath: texts.path("mark"))
                let program = try ProgramRun.start("rnntrain", arguments, environment: fault, folder: texts.folder)
                #expect(waitFor(20) { FileManager.default.fileExists(atPath: texts.path("mark")) })
                program.send(SIGTERM)
                let outcome = try program.end(timeLimit: 5)
                #expect(outcome.status == status && !outcome.timedOut, "\(outcome)")
                let message =
                    "rnntrain: error: stopped by SIGTERM before the first step. Nothing is lost: run the same command again.\n"
                #expect(outcome.errors == (status == 75 ? message : ""), "\(outcome)")
            }
        }
    }
}
