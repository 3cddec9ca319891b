import Foundation
import TestSupport
import Testing

/// Commands whose standard streams are full, closed or without a reader, and commands that run in every task of a job.
@Suite("Standard streams")
struct StandardStreamTests {
    private static let alone = [
        "evaluate --checkpoint char/best.safetensors --data valid.txt",
        "evaluate --json --checkpoint char/best.safetensors --data valid.txt",
        "score --format json --checkpoint char/best.safetensors --data valid.txt",
        "generate --checkpoint char/best.safetensors", "verify char", "verify --json char",
        "benchmark --generate --steps 2 --hidden 8",
        "--print-config", "--help", "help evaluate", "--version",
    ]
    private static let overRanks = ["--dry-run", "benchmark --steps 2 --hidden 8"]
    private static let full = "rnntrain: error: the standard output cannot be written: No space left on device. "

    @Test("A result that cannot be written is an error with status 74", arguments: alone + overRanks)
    func fullDevice(command: String) throws {
        let outcome = try SmallModels.shell("$R \(command) > /dev/full")
        #expect(outcome.status == 74 && outcome.errors.hasPrefix(Self.full), "\(outcome)")
        #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome)")
    }

    @Test("A closed standard output and a limit on file sizes are errors with status 74")
    func closedAndLimited() throws {
        let closed = try SmallModels.shell("$R --version >&-")
        #expect(closed.status == 74 && closed.errors.contains("Bad file descriptor. It is closed: "), "\(closed)")
        let limited = try SmallModels.shell("{ ulimit -f 0; $R --help > limited.txt; echo $?; } 2>&1 | cat")
        #expect(
            limited.output.hasSuffix("\n74\n") && limited.output.contains("Raise the limit on file sizes (ulimit -f)"),
            "\(limited)")
    }

    @Test("A command ends silently, as with SIGPIPE, when the reader of its pipe exits")
    func closedPipe() throws {
        for (number, prelude) in ["", "trap '' PIPE; "].enumerated() {
            let outcome = try SmallModels.shell(prelude + Self.withoutReader("$R --help", mark: "gone-\(number)"))
            #expect(outcome.errors == "status 141\n", "\(outcome)")
        }
    }

    /// Runs a command that writes to a pipe without a reader, and prints its status to standard error.
    private static func withoutReader(_ command: String, mark: String) -> String {
        "{ while [ ! -e \(mark) ]; do sleep 0.02; done; \(command); echo \"status $?\" >&2; } | { exec <&-; touch \(mark); }"
    }

    @Test("A training run continues if its lines cannot be written, and says so once")
    func training() throws {
        let options = "--hidden-size 8 --epochs 2 --bptt 100"
        for number in 0..<3 {
            let run = "$R --run unheard-\(number) \(options)"
            let places = ["\(run) > /dev/full; echo \"status $?\" >&2", "\(run) >&-; echo \"status $?\" >&2"]
            let outcome = try SmallModels.shell(number < 2 ? places[number] : Self.withoutReader(run, mark: "gone"))
            let lines = outcome.errors.split(separator: "\n")
            try #require(lines.count == 2, "\(outcome)")
            #expect(lines[0].hasPrefix("rnntrain: warning: the standard output cannot be written: ") && lines[1] == "status 0")
            let log = try String(
                contentsOf: SmallModels.folder.appending(path: "unheard-\(number)/metrics.jsonl"), encoding: .utf8)
            #expect(log.contains("\"event\":\"end\""))
        }
    }

    @Test("With all standard descriptors closed, nothing is printed into a file")
    func closedDescriptors() throws {
        let outcome = try SmallModels.shell("$R --run closed --hidden-size 8 --epochs 1 --bptt 100 <&- >&- 2>&-")
        #expect(outcome.status == 0)
        let log = try String(contentsOf: SmallModels.folder.appending(path: "closed/metrics.jsonl"), encoding: .utf8)
        #expect(log.split(separator: "\n").allSatisfy { $0.hasPrefix("{") && $0.hasSuffix("}") }, "\(log)")
        #expect(try SmallModels.shell("$R verify closed").status == 0)
    }

    @Test("launch/train with closed standard streams trains", arguments: [">&- 2>&-", "<&- >&- 2>&-", "<&- 2>&-"])
    func closedDescriptorsOfLauncher(streams: String) throws {
        let scratch = try ScratchFolder()
        let command =
            "\"$SCRIPTS/train\" -n 2 --run run --hidden-size 8 --epochs 1 --bptt 100 \(streams); [ $? = 0 ] && tail -n 1 run/metrics.jsonl"
        let settings = ["RNNTRAIN_PROGRAM": ProcessRunner.program, "SCRIPTS": ProcessRunner.source("launch")]
        let outcome = try ProcessRunner.run("/bin/bash", ["-c", command], in: scratch.folder, environment: settings, limit: 120)
        #expect(outcome.output.contains("\"event\":\"end\",") && outcome.output.contains("\"reason\":\"epochs\""), "\(outcome)")
    }

    @Test("A command without ranks prints its result in every task", arguments: alone)
    func everyTask(command: String) throws {
        let task = try SmallModels.shell("$R \(command)", environment: ["SLURM_PROCID": "1"])
        #expect(task.status == 0 && !task.output.isEmpty && task.errors.isEmpty, "\(task)")
    }

    @Test("A command without ranks reports its errors at once")
    func everyTaskFails() throws {
        for command in ["evaluate --checkpoint gone --data valid.txt", "evaluate", "verify gone", "--print-config --layers 0"] {
            let start = Date.now
            let task = try SmallModels.shell("$R \(command)", environment: ["SLURM_PROCID": "1"])
            #expect(task.status >= 64 && task.errors.hasPrefix("rnntrain: error: "), "\(task)")
            #expect(Date.now.timeIntervalSince(start) < 4.5, "\(task)")
        }
    }

    @Test(
        "A training process with the variables of a launcher, but without its MPI, says so in one line",
        arguments: [["SLURM_PROCID": "2", "SLURM_NTASKS": "4"], ["OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_RANK": "1"]])
    func noWorld(environment: [String: String]) throws {
        let task = try SmallModels.shell(
            "$R --train train.txt --valid valid.txt --hidden-size 8 --run none; exit $?", environment: environment)
        #expect(task.status == 64 && task.errors.split(separator: "\n").count == 1, "\(task)")
        #expect(task.errors.contains("mpirun -n 1"), "\(task)")
    }

    @Test("A working folder whose name is not UTF-8 works")
    func oddFolder() throws {
        let commands = [
            "d=$(printf 'd\\377'); mkdir \"$d\"; cp -r char train.txt valid.txt \"$d\"; cd \"$d\"",
            "$R evaluate --checkpoint char --data valid.txt 2>&1",
            "$R verify char 2>&1 | tail -1", "$R --run char --resume --epochs 2 2>&1 | tail -1",
        ]
        let outcome = try SmallModels.shell(commands.joined(separator: " && "))
        #expect(outcome.status == 0 && outcome.output.contains("all files are valid\n"), "\(outcome)")
    }
}
