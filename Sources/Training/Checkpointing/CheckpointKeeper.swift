import Checkpoints
import Communication
import Configuration
import Files
import Foundation
import Runs
import Synchronization

/// Manages a run's checkpoints: collects them from all ranks and writes them in the background.
final class CheckpointKeeper {
    private let world: World
    private let collector: CheckpointCollector
    private let folder: CheckpointFolder
    private let writer: BackgroundWriter?
    private let interval: CheckpointInterval
    private let keep: Int
    private let configuration: TrainingConfiguration
    private var lastWrite = MonotonicClock.nanoseconds
    private let writing = WritingTime()
    /// The bytes of a checkpoint's arrays.
    let leastByteCount: Int
    /// The current or imminent content of `best.safetensors`; nil if it has no valid content. The same on all ranks.
    private(set) var best: BestModel?
    /// Whether the run has abandoned the steps that led to `best`, because it continued from an earlier step.
    private(set) var bestIsAbandoned: Bool
    /// The checkpoints to which the run may return. On rank 0.
    private var own: OwnGenerations

    /// Manages the checkpoints of a run as the plan describes it.
    ///
    /// - Parameter own: the checkpoints of the run at its start. On rank 0.
    init(world: World, collector: CheckpointCollector, folder: CheckpointFolder, plan: RunPlan, own: OwnGenerations) {
        (best, bestIsAbandoned, self.own) = (plan.best, plan.bestIsAbandoned, own)
        let configuration = plan.configuration
        leastByteCount = configuration.checkpointArrays(collector.parallel.shape).reduce(0) { $0 + $1.byteCount }
        self.world = world
        self.collector = collector
        self.folder = folder
        interval = configuration.checkpointEvery
        keep = configuration.keep
        self.configuration = configuration
        writer = world.isRoot ? BackgroundWriter() : nil
        if let reason = writer?.lackOfThread {
            StandardError.warn("no thread for writing checkpoints: \(reason). Training waits while they are written.")
        }
    }

    /// Whether a checkpoint is due by time. Only rank 0's clock counts.
    var isTimeDue: Bool {
        guard case .time(let time) = interval else { return false }
        return Double(MonotonicClock.nanoseconds - lastWrite) >= time.seconds * 1e9
    }

    /// The longest time of a checkpoint, from the call on the first rank to the end of the write, in nanoseconds; nil before the
    /// first.
    var slowestWrite: Int64? { writing.slowest }

    /// Whether a checkpoint is due by the number of steps.
    func isDue(step: Int) -> Bool {
        guard case .steps(let steps) = interval else { return false }
        return step % steps == 0
    }

    /// Takes a checkpoint of the current state, and writes the file while training continues. Collective.
    ///
    /// `log` writes the line of the checkpoint, with the digest of its parameters. It is called on rank 0 before the file is written: a checkpoint without a line would
    /// be taken for that of another branch or of a copy of the run.
    ///
    /// A checkpoint while updates are skipped, as at a stop, removes no older one: if the run has diverged, it must return to one of these.
    ///
    /// Throws on all ranks the error of the previous checkpoint, after all retries.
    func save(_ state: TrainingState, log: (_ digest: String) throws -> Void = { _ in }) throws {
        let start = MonotonicClock.nanoseconds
        let checkpoint = try collector.collect(state)
        let (folder, keep, writing) = (folder, keep, writing)
        let mayRemove = state.skippedInARow == 0
        let before = own
        let digest = checkpoint?.metadata[SafetensorsReader.digestKey]
        own.insert(state.step, digest: digest)
        let after = own
        try submit(checkpoint, begin: { try log(digest ?? "") }) { (checkpoint) throws(FileError) in
            var isNameFree = false
            try folder.persistently(of: before, mayRemove: mayRemove, report: StandardError.warn) { () throws(FileError) in
                // Once: a write that fails after its renaming leaves the job's own file under this name.
                if !isNameFree { try folder.setAside(step: state.step, unlessIn: before) }
                isNameFree = true
                try folder.write(checkpoint, step: state.step)
            }
            writing.note(MonotonicClock.nanoseconds - start)
            guard mayRemove else { return }
            writing.warnOnce(failureOf: { () throws(FileError) in try folder.prune(keeping: keep, of: after) })
        }
        lastWrite = MonotonicClock.nanoseconds
    }

    /// Saves the current state as the best model on validation. Collective.
    func saveBest(_ model: BestModel, _ state: TrainingState) throws {
        (best, bestIsAbandoned) = (model, false)
        let checkpoint = try collector.collect(state)
        let (folder, mayRemove, own) = (folder, state.skippedInARow == 0, own)
        try submit(checkpoint) { (checkpoint) throws(FileError) in
            try folder.persistently(of: own, mayRemove: mayRemove, report: StandardError.warn) { () throws(FileError) in
                try folder.writeBest(checkpoint)
            }
        }
    }

    /// Waits until all files are written. Collective.
    func finish() throws {
        _ = try world.agreeOnRoot { try Watchdog.waitingForDisk { try writer?.finish() } }
    }

    /// Waits until the last file is written, before an error ends the job: an error of the log, for example, is of a later step. Local.
    ///
    /// Warns if the file cannot be written, unless the error says the same. Does not wait in a folder that no longer belongs to the job, where no
    /// file can be completed, or after an error of MPI.
    func finish(before jobError: any Error) {
        guard let writer, !(jobError is CommunicationError) else { return }
        do throws(FileError) {
            try Watchdog.waitingForDisk { () throws(FileError) -> Void in
                try folder.requireUnchanged()
                try writer.finish()
            }
        } catch {
            if "\(error)" != "\(jobError)" { StandardError.warn("\(error)") }
        }
    }

    /// Restores parameters, moments and hidden states from the newest valid checkpoint, and returns its state, and the digest of its parameters
    /// on rank 0. Collective.
    ///
    /// With `rejectingFrom`, first removes the checkpoints of that step and later, if there is an older one.
    func restoreNewest(
        into parallel: ParallelModel, rejectingFrom rejected: Int?, windowCount: Int
    ) throws -> (state: TrainingState, parametersDigest: String) {
        let stored = try world.agreeOnRoot {
            try Watchdog.waitingForDisk {
                if let rejected { try folder.removeGenerations(from: rejected, of: own) }
                let newest = try folder.newestValid(of: own) { try restorable($0, windowCount: windowCount) }
                try folder.setAside(newest.passedOver)
                return newest.contents
            }
        }
        let text = try world.broadcast(try stored.map { try Self.json($0.state) } ?? "")
        let state = try JSONDecoder().decode(TrainingState.self, from: Data(text.utf8))
        if let best, best.step > state.step { bestIsAbandoned = true }
        own.removeAll(after: state.step)
        parallel.optimizer.resume(updates: state.updates, averagingStart: state.averaging?.start)
        try parallel.restore(from: stored, world: world)
        return (state, stored?.parametersDigest ?? "")
    }

    /// Opens a checkpoint of this run at a position that its text has.
    private func restorable(_ reader: SafetensorsReader, windowCount: Int) throws -> StoredCheckpoint {
        let stored = try StoredCheckpoint(reader)
        let changes = configuration.forbiddenChanges(from: stored.configuration)
        guard changes.isEmpty else { throw ConfigurationError.changedOnResume(changes) }
        try stored.checkPosition(windowCount: windowCount)
        return stored
    }

    private static func json(_ state: TrainingState) throws -> String {
        String(decoding: try JSONEncoder().encode(state), as: UTF8.self)
    }

    /// The path of the checkpoint after `step` steps.
    func path(step: Int) -> String { folder.path(forStep: step) }

    var bestPath: String { folder.bestPath }

    /// Restores `best.safetensors` from a checkpoint of the same model; nil if there is none. On rank 0.
    func remakeBest(_ model: BestModel, fits: (StoredCheckpoint) throws -> Void) throws -> BestModel? {
        try folder.remakeBest(step: model.step, loss: model.loss, fits: fits)
    }

    /// The notice about that.
    func remakeNotice(_ error: any Error, _ model: BestModel) -> String { folder.remakeNotice(error, step: model.step) }

    /// Throws if the run's folder or lock no longer belongs to this job. Files read under its path might then belong to another
    /// job.
    func requireOwnFolder() throws { try folder.requireUnchanged() }

    private func submit(
        _ checkpoint: Checkpoint?, begin: () throws -> Void = {},
        _ job: @escaping @Sendable (Checkpoint) throws(FileError) -> Void
    ) throws {
        _ = try world.agreeOnRoot {
            guard let checkpoint, let writer else { return }
            try Watchdog.waitingForDisk {
                var fault: (any Error)?
                do { try begin() } catch { fault = error }
                // Also if the line could not be written: the checkpoint holds the steps so far.
                do {
                    try writer.submit(copying: checkpoint, for: job)
                } catch {
                    if let fault, "\(fault)" != "\(error)" { StandardError.warn("\(fault)") }
                    throw error
                }
                if let fault { throw fault }
            }
        }
    }
}

/// The longest time of a checkpoint. The writer's thread sets it, and the trainer's thread reads it.
private final class WritingTime: Sendable {
    private let hasWarned = Atomic(false)

    /// Warns of the first failure to remove old checkpoints. Each new checkpoint retries the removal, and training continues. If the folder no longer
    /// belongs to the job, there is no warning: the next write ends the job with this error.
    func warnOnce(failureOf prune: () throws(FileError) -> [CheckpointGeneration]) {
        do throws(FileError) {
            _ = try prune()
        } catch {
            if case .folderGone = error { return }
            if case .pinnedFileGone = error { return }
            let isFirst = hasWarned.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged
            if isFirst { StandardError.warn("\(error) Old checkpoints are kept until they can be removed.") }
        }
    }

    private let longest = Mutex<Int64?>(nil)

    var slowest: Int64? { longest.withLock { $0 } }

    func note(_ nanoseconds: Int64) { longest.withLock { $0 = max($0 ?? 0, nanoseconds) } }
}
