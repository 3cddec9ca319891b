import Checkpoints
import Communication
package import Files
import Glibc

/// A file of rank 0 to which records are appended during training.
///
/// A record that cannot be written is kept and retried with the next record, because a failing log must not end the training.
package final class RetriedAppender {
    private let path: String
    private var replacementCount = 0
    private var file: AppendedRecords
    /// Records that are not written yet.
    private var waiting: [[UInt8]] = []
    /// Completes a record when it is written, from the last line of the file with its line end.
    private let seal: (_ record: [UInt8], _ last: [UInt8]) -> [UInt8]
    /// The maximum number of kept records. If a disk accepts none for that long, it also accepts no checkpoint.
    private static let mostWaiting = 100_000

    /// Opens or creates the file, and removes the incomplete last record of an interrupted write.
    ///
    /// - Parameter seal: completes a record when it is written, from the last line of the file with its line end.
    package init(
        at place: FilePlace, framing: RecordFraming,
        seal: @escaping (_ record: [UInt8], _ last: [UInt8]) -> [UInt8] = { record, _ in record }
    ) throws {
        path = place.path
        self.seal = seal
        do throws(FileError) {
            file = try AppendedRecords(at: place, framing: framing)
        } catch {
            throw Self.failure(error, path)
        }
    }

    /// Whether the file has no record.
    package var isEmpty: Bool { file.isEmpty }

    /// Appends a complete record. Throws `TrainingError.log`, or the error of a missing or foreign folder or file.
    package func append(_ record: [UInt8]) throws {
        waiting.append(record)
        let failure = Watchdog.waitingForDisk { flush() }
        warnOfReplacement()
        guard let failure else { return }
        guard case .failed(_, _, let number) = failure else { throw failure }
        if waiting.count == 1 {
            StandardError.warn("\(path): cannot write: \(systemText(number)). The lines are kept and tried again.")
        }
        if waiting.count > Self.mostWaiting { throw Self.failure(failure, path) }
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
            "\(path) was removed or replaced. Its contents are lost, and the log continues in the new file.")
    }

    /// Writes the waiting records at the end of a job. If the disk may recover, it retries for as long as for a checkpoint.
    ///
    /// Throws `TrainingError.log`.
    package func finish() throws {
        try Watchdog.waitingForDisk {
            guard var last = flush() else { return }
            for pause in CheckpointFolder.pauses where last.mayPass {
                usleep(useconds_t(pause * 1e6))
                guard let failure = flush() else { return }
                last = failure
            }
            throw Self.failure(last, path)
        }
    }

    /// Appends the waiting records in order, up to the first that fails; returns its error.
    private func flush() -> FileError? {
        var written = 0
        defer { waiting.removeFirst(written) }
        do throws(FileError) {
            for record in waiting {
                try file.append { seal(record, $0) }
                written += 1
            }
            return nil
        } catch {
            return error
        }
    }
}
