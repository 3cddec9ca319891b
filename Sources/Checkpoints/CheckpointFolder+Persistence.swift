public import Files
import Glibc

extension CheckpointFolder {
    /// Seconds between attempts to write to a disk that may become available again.
    package static let pauses: [Double] = [1, 2, 4, 8, 15]

    /// Runs `write`, and retries after a failure.
    ///
    /// If the disk is full, it first removes older generations to free space, and retries at once. Then, if there is a valid older
    /// generation and the disk may recover, it retries after pauses of half a minute in total. Calls `report` with one line if it waits for
    /// the disk. Throws the error of the last attempt.
    ///
    /// Generations that are not the job's own are not counted as valid, and are not removed.
    ///
    /// - Parameter mayRemove: whether older generations may be removed for space. False while the run may have to return to one of them.
    public func persistently(
        of own: OwnGenerations, mayRemove: Bool, report: (String) -> Void, _ write: () throws(FileError) -> Void
    ) throws(FileError) {
        try persistently(of: own, mayRemove: mayRemove, pauses: Self.pauses, report: report, write)
    }

    /// Like the other method, with the given pauses.
    package func persistently(
        of own: OwnGenerations? = nil, mayRemove: Bool = true, pauses: [Double], report: (String) -> Void,
        _ write: () throws(FileError) -> Void
    ) throws(FileError) {
        guard let first = failure(of: write) else { return }
        let good = newestGood(of: own)
        if let good, mayRemove, first.isLackOfRoom { makeRoom(keeping: good, of: own) }
        guard var last = failure(of: write) else { return }
        guard good != nil, last.mayPass else { throw last }
        report("\(first) Training continues, and the checkpoint is tried again for \(Int(pauses.reduce(0, +))) seconds.")
        for pause in pauses {
            usleep(useconds_t(pause * 1e6))
            guard let failure = failure(of: write) else { return }
            last = failure
        }
        throw last
    }

    private func failure(of write: () throws(FileError) -> Void) -> FileError? {
        do throws(FileError) {
            try write()
            return nil
        } catch {
            return error
        }
    }

    private func newestGood(of own: OwnGenerations?) -> CheckpointGeneration? {
        (try? generations(of: own))?.first { (try? verified($0, of: own)) != nil }
    }

    /// Removes all other generations of the job. Ignores failures.
    private func makeRoom(keeping good: CheckpointGeneration, of own: OwnGenerations?) {
        for generation in (try? generations(of: own)) ?? [] where generation != good {
            try? remove(generation)
        }
    }
}

extension FileError {
    /// Whether a retry may succeed: space on a disk may be freed and a server may return, but a folder without permission remains so.
    package var mayPass: Bool {
        writeErrorNumber.map { Self.passing.contains($0) } ?? false
    }

    /// Lack of something, and what file systems of a network report while a server is away.
    private static let passing: Set<Int32> = [
        ENOSPC, EDQUOT, EIO, ESTALE, EAGAIN, ENOMEM, EMFILE, ENFILE, ETIMEDOUT, ENOTCONN, ESHUTDOWN, EHOSTDOWN, EHOSTUNREACH,
        ECONNREFUSED,
        ECONNRESET, EREMOTEIO,
    ]

    fileprivate var isLackOfRoom: Bool { writeErrorNumber == ENOSPC || writeErrorNumber == EDQUOT }

    private var writeErrorNumber: Int32? {
        switch self {
        case .notCommitted(_, _, let number), .durabilityUncertain(_, _, let number), .failed(_, _, let number): number
        case .missing, .folder, .notRegular, .unreadable, .notRead, .shortened, .tooLarge, .folderGone, .pinnedFileGone,
            .inTheWay,
            .hasOtherNames:
            nil
        }
    }
}
