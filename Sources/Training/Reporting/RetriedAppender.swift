import Checkpoints
import Communication
import Failures
package import Files
import Glibc

/// A file of rank 0 to which records are appended during training.
///
/// A record that cannot be written because of a fault that can pass, such as a full disk, is kept and tried again with the next record.
/// Checkpoints are written meanwhile: they save computation, and the kept records are lost only if the process dies. A fault that cannot pass,
/// such as a limit on file sizes, ends the job at once if the file is the run's log. No checkpoint of a later step is then written, and a
/// resume repeats and logs the steps. Any other file never ends the job: its records are kept after all faults, and the end of the job warns if
/// they are lost.
package final class RetriedAppender {
    private let path: String
    private var replacementCount = 0
    /// The damaged file that the last warning named.
    private var damagedPath: String?
    private var file: AppendedRecords
    /// Records that are not written yet, with their steps.
    private var waiting: [(bytes: [UInt8], step: Int?)] = []
    /// Whether faults of this file end the job.
    private let isLog: Bool
    /// Whether an error or a warning has said that the kept records are lost.
    private var hasReportedLoss = false
    /// The records with which a file begins.
    private let opening: () -> [UInt8]
    /// Completes a record when it is written, from the last line of the file with its line end.
    private let seal: (_ record: [UInt8], _ last: [UInt8]) -> [UInt8]
    /// The maximum number of kept records. If a disk accepts none for that long, it also accepts no checkpoint.
    private static let mostWaiting = 100_000

    /// Opens or creates the file, and removes the incomplete last record of an interrupted write. Warns of a damaged file, which is renamed.
    ///
    /// - Parameters:
    ///   - isLog: whether a fault that cannot pass, or that does not pass until the end, ends the job.
    ///   - opening: the records with which a file begins. They are written before the first other record.
    ///   - seal: completes a record when it is written, from the last line of the file with its line end.
    package init(
        at place: FilePlace, framing: RecordFraming, isLog: Bool, opening: @escaping () -> [UInt8] = { [] },
        seal: @escaping (_ record: [UInt8], _ last: [UInt8]) -> [UInt8] = { record, _ in record }
    ) throws {
        path = place.path
        (self.isLog, self.opening, self.seal) = (isLog, opening, seal)
        do throws(FileError) {
            file = try AppendedRecords(at: place, framing: framing)
        } catch {
            throw Self.failure(error, path)
        }
        warnOfDamage()
    }

    /// Whether the next record is the first: the file has none, and no damaged file was before it.
    package var isNew: Bool { file.isEmpty && damagedPath == nil && waiting.isEmpty }

    /// Appends a complete record of a step; nil for a record of no step.
    ///
    /// Throws if the file is the log: `TrainingError.log`, `TrainingError.unwrittenRecords`, or the error of a missing or foreign folder or file.
    package func append(_ record: [UInt8], step: Int? = nil) throws {
        waiting.append((record, step))
        let failure = Watchdog.waitingForDisk { flush() }
        warnOfReplacement()
        warnOfDamage()
        guard let failure else { return }
        if isLog, !failure.mayPass {
            // Without checkpoints since the first kept record, nothing is missing after a resume.
            throw ending(waiting.count == 1 ? Self.failure(failure, path) : lack(failure))
        }
        if waiting.count == 1 {
            StandardError.warn("\(sentence(failure)) The lines are kept and tried again.")
        }
        guard waiting.count > Self.mostWaiting else { return }
        if isLog { throw ending(lack(failure)) }
        waiting.removeFirst()
    }

    /// Tries the kept records once more before an error of something else ends the job, and warns if they are lost. Without a step among them,
    /// nothing is lost, and the folder of the run may have been removed.
    package func tryBeforeEnd() {
        guard !hasReportedLoss, waiting.contains(where: { ($0.step ?? 0) > 0 }) else { return }
        guard let failure = Watchdog.waitingForDisk({ flush() }) else { return }
        warnOfLoss(failure)
    }

    /// Notes that the job ends with this error, which needs no further warning.
    private func ending(_ error: any Error) -> any Error {
        hasReportedLoss = true
        return error
    }

    /// Warns that the kept records are lost.
    private func warnOfLoss(_ failure: FileError) {
        hasReportedLoss = true
        if isLog { return StandardError.warn("\(lack(failure))") }
        let records = "\(counted(waiting.count, "record")) \(waiting.count == 1 ? "is" : "are") not written"
        StandardError.warn("\(sentence(failure)) \(records); metrics.jsonl has the figures.")
    }

    /// What keeps the records from being written, without advice on an error of the system.
    private func sentence(_ failure: FileError) -> String {
        guard case .failed(_, _, let number) = failure else { return "\(failure)" }
        return "\(path): cannot write: \(systemText(number))."
    }

    /// The error for a failure while records are kept. A missing or foreign folder or file keeps its own error.
    private func lack(_ error: FileError) -> any Error {
        guard case .failed(_, _, let number) = error, !waiting.isEmpty else { return error }
        return TrainingError.unwrittenRecords(
            path: path, errorNumber: number, count: waiting.count, firstStep: waiting.lazy.compactMap { $0.step }.first)
    }

    /// Makes the written records durable, or warns of the failure.
    package func synchronize() {
        Watchdog.waitingForDisk {
            do throws(FileError) {
                try file.synchronize()
            } catch {
                StandardError.warn("\(error)")
            }
        }
    }

    /// The error for a failure of the file. A missing or foreign folder or file keeps its own error.
    static func failure(_ error: FileError, _ path: String) -> any Error {
        guard case .failed(_, _, let number) = error else { return error }
        return TrainingError.log(path: path, errorNumber: number)
    }

    private func warnOfReplacement() {
        guard file.replacementCount > replacementCount else { return }
        replacementCount = file.replacementCount
        StandardError.warn(
            "\(path) was removed, replaced or changed. What it has lost is not written again, and the log continues in the file that is there now."
        )
    }

    private func warnOfDamage() {
        guard let now = file.damagedPath, now != damagedPath else { return }
        damagedPath = now
        StandardError.warn("\(path) has a damaged record. The file is kept as \(now), and the log continues in a new file.")
    }

    /// Writes the waiting records at the end of a job. If the disk may recover, it retries for as long as for a checkpoint.
    ///
    /// If they cannot be written, it throws `TrainingError.unwrittenRecords`, or warns if the file is not the log.
    package func finish() throws {
        try Watchdog.waitingForDisk {
            guard var last = flush() else { return }
            for pause in CheckpointFolder.pauses where last.mayPass {
                usleep(useconds_t(pause * 1e6))
                guard let failure = flush() else { return }
                last = failure
            }
            guard isLog else { return warnOfLoss(last) }
            throw ending(lack(last))
        }
    }

    /// Appends the waiting records in order, up to the first that fails; returns its error.
    private func flush() -> FileError? {
        var written = 0
        defer { waiting.removeFirst(written) }
        do throws(FileError) {
            for record in waiting {
                try file.append { last, isFirst in (isFirst ? opening() : []) + seal(record.bytes, last) }
                written += 1
            }
            return nil
        } catch {
            return error
        }
    }
}
