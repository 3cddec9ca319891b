import Foundation
import TestSupport

/// A violation of a property that must hold.
struct SoakFailure: Error, CustomStringConvertible {
    let description: String
}

/// Writes a line immediately, without buffering.
func say(_ line: String, to stream: FileHandle = .standardOutput) { try? stream.write(contentsOf: Data((line + "\n").utf8)) }

/// Repeats runs that are killed again and again. Each job resumes with another number of ranks until the run ends, and the result is
/// compared with that of an undisturbed run. New runs begin until the requested number of kills is reached.
final class Soak {
    /// Steps between checkpoints.
    static let interval = 50
    /// 3,600 steps, with a validation every 50 steps.
    private static let options = [
        "--epochs", "36", "--checkpoint-every", "\(interval) steps", "--validate-every", "50", "--log-every", "1",
        "--stall-limit", "\(stallLimit)s",
    ]
    /// The time in seconds that a rank may make no progress.
    private static let stallLimit = 45
    /// The number of shards, which is the maximum number of ranks.
    private static let mostRanks = 8

    private let texts: TrainingFolder
    private let kills: Int
    private let seed: UInt64
    private var numbers: SeededRandom
    private let start = Date()
    /// The number of lines of the log when the job started.
    private var linesBefore = 0
    private(set) var tally = SoakTally()

    init(kills: Int, seed: UInt64) throws {
        texts = try TrainingFolder()
        self.kills = kills
        self.seed = seed
        numbers = SeededRandom(state: seed)
    }

    /// Throws a `SoakFailure` if data was lost, left over or wrong. The folder of the runs then remains unchanged.
    func run() throws {
        texts.isKept = true
        try killUntilDone()
        texts.isKept = false
    }

    /// The folder of the runs.
    var folder: String { texts.folder.path }

    private func killUntilDone() throws {
        say("soak: \(kills) kills, seed \(seed), checkpoints every \(Self.interval) steps")
        let undisturbed = try leftAlone()
        while tally.kills < kills {
            let log = try killedAndResumed()
            try compare(log, undisturbed)
            tally.runs += 1
            try FileManager.default.removeItem(atPath: texts.path("run"))
        }
        if kills >= 5, !tally.hasResumed { throw SoakFailure(description: "no job was resumed: nothing is shown") }
        tally.seconds = Date().timeIntervalSince(start)
    }

    private func leftAlone() throws -> RunLog {
        let outcome = try texts.start(ranks: 2, run: "undisturbed", Self.options, environment: environment).end(timeLimit: 300)
        guard outcome.status == 0 else { throw SoakFailure(description: "the run that was left alone: \(outcome)") }
        let log = try RunLog(run: texts.path("undisturbed"))
        tally.digest = log.finalDigest ?? ""
        return log
    }

    // MARK: A run

    /// One run, killed repeatedly until it ends or the number of kills is reached.
    private func killedAndResumed() throws -> RunLog {
        while true {
            // Small numbers of ranks are more likely, because a job with more ranks than cores starts slowly.
            let ranks = min(
                Int.random(in: 1...Self.mostRanks, using: &numbers), Int.random(in: 1...Self.mostRanks, using: &numbers))
            let isResumed = FileManager.default.fileExists(atPath: texts.path("run/config.toml"))
            let reached = lastLoggedStep
            let saved = texts.checkpointSteps(run: "run").last ?? 0
            linesBefore = logLines.count
            let program =
                isResumed
                ? try texts.startResume(ranks: ranks, run: "run", environment: environment)
                : try texts.start(ranks: ranks, run: "run", Self.options, environment: environment)
            let isLast = tally.kills >= kills
            let wasKilled = try !isLast && kill(program, ranks: ranks)
            if wasKilled { try expectEnd(of: program) }
            let outcome = try program.end(timeLimit: isLast ? 300 : 60)
            try check(outcome, wasKilled: wasKilled, isResumed: isResumed, reached: reached, saved: saved)
            if outcome.status == 0 { return try RunLog(run: texts.path("run")) }
        }
    }

    /// Requires that all ranks end within ten seconds. mpirun itself may hang after that, if a rank was killed while it connected. It is
    /// then killed, and counted.
    ///
    /// If a rank was killed while MPI started, mpirun may not notice it. The other ranks then wait until the stall limit ends them.
    private func expectEnd(of program: RunningProgram) throws {
        let limit = logLines.count == linesBefore ? Self.stallLimit + 15 : 10
        guard ProcessTable.isRid(of: "rnntrain", naming: texts.path("run"), within: TimeInterval(limit)) else {
            throw SoakFailure(description: "kill \(tally.kills): ranks are left after \(limit) seconds")
        }
        if waitFor(20, { !program.isRunning }) { return }
        tally.hungLaunchers += 1
        program.send(SIGKILL)
    }

    /// Waits for the chosen moment, and kills. Returns false if the run ended before.
    private func kill(_ program: RunningProgram, ranks: Int) throws -> Bool {
        let plan = KillPlan(ranks: ranks, using: &numbers)
        let first = texts.checkpointSteps(run: "run").last ?? 0
        if plan.steps > 0 {
            _ = waitFor(60) { !program.isRunning || texts.checkpointSteps(run: "run").last ?? 0 >= first + plan.steps }
        }
        usleep(plan.microseconds)
        let processes = ProcessTable.processes(of: "rnntrain", naming: texts.path("run")).sorted()
        guard program.isRunning else { return false }
        tally.note(phase(of: program, ranksThere: !processes.isEmpty), mpirun: plan.victim == nil || processes.isEmpty)
        if let victim = plan.victim, !processes.isEmpty {
            Foundation.kill(processes[victim % processes.count], SIGKILL)
        } else {
            program.send(SIGKILL)
        }
        if tally.kills % 50 == 0 { say(tally.progress(of: kills, since: start)) }
        return true
    }

    /// The activity of the job that is about to be killed, as its files show it.
    private func phase(of program: RunningProgram, ranksThere: Bool) -> SoakTally.Phase {
        guard ranksThere else { return .launch }
        let writes = (try? FileManager.default.contentsOfDirectory(atPath: texts.path("run/checkpoints"))) ?? []
        if writes.contains(where: { $0.hasSuffix(".partial") }) { return .checkpoint }
        let lines = logLines.dropFirst(linesBefore)
        if lines.last?.contains("\"event\":\"end\"") == true { return .end }
        return lines.contains { $0.contains("\"event\":\"step\"") } ? .steps : .preparation
    }

    /// The complete lines of the log. The next job removes an incomplete last line of a killed job.
    private var logLines: [Substring] {
        let text = (try? String(contentsOfFile: texts.path("run/metrics.jsonl"), encoding: .utf8)) ?? ""
        return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    }

    // MARK: What must hold

    private func check(_ outcome: ProgramRun, wasKilled: Bool, isResumed: Bool, reached: Int, saved: Int) throws {
        let place = "kill \(tally.kills)"
        if outcome.timedOut { throw SoakFailure(description: "\(place): the job did not end: \(outcome)") }
        if !wasKilled, outcome.status != 0 { throw SoakFailure(description: "\(place): nobody killed it: \(outcome)") }
        guard texts.hasNoRank(run: "run") else { throw SoakFailure(description: "\(place): ranks are left behind") }
        removeLeftovers()
        guard isResumed else { return }
        guard let resumed = lastResumedStep else {
            if logLines.dropFirst(linesBefore).contains(where: { $0.contains("\"event\":\"step\"") }) {
                throw SoakFailure(description: "\(place): a resumed job does not say from where: \(outcome)")
            }
            return
        }
        let lost = reached - resumed
        tally.note(lost: lost)
        guard resumed >= saved else {
            throw SoakFailure(description: "\(place): resumed after step \(resumed), with a checkpoint of step \(saved)")
        }
        // Training continues while a checkpoint is written, but only up to the next checkpoint, which waits.
        if lost > 2 * Self.interval {
            throw SoakFailure(description: "\(place): \(lost) steps were lost, from \(reached) to \(resumed)")
        }
    }

    private func compare(_ log: RunLog, _ undisturbed: RunLog) throws {
        let place = "run \(tally.runs + 1)"
        if let line = log.contradictions.first { throw SoakFailure(description: "\(place): \(line)") }
        guard log.finalDigest == undisturbed.finalDigest else {
            throw SoakFailure(description: "\(place): digest \(log.finalDigest ?? "none") instead of \(tally.digest)")
        }
        if let key = undisturbed.trace.keys.sorted().first(where: { log.trace[$0] != undisturbed.trace[$0] }) {
            throw SoakFailure(description: "\(place): \(key) is otherwise: \(log.trace[key] ?? "nothing")")
        }
        let verified = try ProgramRun.alone("rnntrain", ["verify", texts.path("run")], folder: texts.folder)
        guard verified.status == 0 else { throw SoakFailure(description: "\(place): \(verified)") }
        let names = try FileManager.default.subpathsOfDirectory(atPath: texts.path("run"))
        if let left = names.first(where: { $0.hasSuffix(".partial") }) {
            throw SoakFailure(description: "\(place): \(left) is left behind")
        }
    }

    private var lastLoggedStep: Int {
        let line = logLines.last { $0.hasPrefix("{\"event\":\"step\"") } ?? ""
        return line.firstMatch(of: /"step":(\d+)/).flatMap { Int($0.output.1) } ?? 0
    }

    /// The step at which the last job resumed, from its log; nil if it was killed before it logged that.
    private var lastResumedStep: Int? {
        let line = logLines.dropFirst(linesBefore).last { $0.hasPrefix("{\"event\":\"resume\"") } ?? ""
        return line.firstMatch(of: /"step":(\d+)/).flatMap { Int($0.output.1) }
    }

    // MARK: Leftovers

    /// Redirects Open MPI's files to the scratch folder.
    private var environment: [String: String] {
        [
            "OMPI_MCA_orte_tmpdir_base": texts.path("sessions"), "OMPI_MCA_osc_sm_backing_directory": texts.folder.path,
        ]
    }

    /// A killed mpirun leaves its own files. They would fill the disk.
    private func removeLeftovers() {
        let ours = ["run", "undisturbed", "train.txt", "valid.txt", "test.txt"]
        let names = (try? FileManager.default.contentsOfDirectory(atPath: texts.folder.path)) ?? []
        for name in names where !ours.contains(name) { try? FileManager.default.removeItem(atPath: texts.path(name)) }
        try? FileManager.default.createDirectory(atPath: texts.path("sessions"), withIntermediateDirectories: true)
    }
}

/// The moment and the target of a kill.
private struct KillPlan {
    /// The number of new checkpoints to wait for.
    let steps: Int
    /// The time to wait after that.
    let microseconds: UInt32
    /// The index of the target among the running ranks; nil for mpirun.
    let victim: Int?

    init(ranks: Int, using numbers: inout SeededRandom) {
        // Two of seven kills come early: while mpirun starts, texts are read, or a checkpoint is loaded.
        let isEarly = Int.random(in: 0..<7, using: &numbers) < 2
        steps = isEarly ? 0 : Soak.interval * Int.random(in: 1...2, using: &numbers)
        microseconds = UInt32.random(in: 0..<(isEarly ? 700_000 : 60_000), using: &numbers)
        let drawn = Int.random(in: 0..<ranks, using: &numbers)
        victim = Int.random(in: 0..<3, using: &numbers) == 0 ? nil : drawn
    }
}
