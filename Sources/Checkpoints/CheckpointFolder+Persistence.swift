public import Files
import Glibc

extension CheckpointFolder {
    /// Seconds between attempts at a disk that may get room again.
    package static let pauses: [Double] = [1, 2, 4, 8, 15]

    /// Writes, and does not give up at the first failure: where the disk is full it makes room by giving up the older
    /// generations; it tries again at once; then, if a good generation is there to fall back on and the disk may recover, after pauses of half a minute in all.
    ///
    /// `report` gets one line when the disk is waited for. Throws what the last attempt threw.
    public func persistently(
        report: (String) -> Void, _ write: () throws(FileError) -> Void
    ) throws(FileError) {
        try persistently(pauses: Self.pauses, report: report, write)
    }

    /// The same with other pauses.
    package func persistently(
        pauses: [Double], report: (String) -> Void, _ write: () throws(FileError) -> Void
    ) throws(FileError) {
        guard let first = failure(of: write) else { return }
        let good = newestGood()
        if let good, first.isLackOfRoom { makeRoom(keeping: good) }
        guard var last = failure(of: write) else { return }
        guard good != nil, last.mayPass else { throw last }
        report("\(first) Training goes on, and the checkpoint is tried again for \(Int(pauses.reduce(0, +))) seconds.")
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

    private func newestGood() -> CheckpointGeneration? {
        (try? generations())?.first { (try? verified($0)) != nil }
    }

    /// Removes all other generations. What cannot be removed stays.
    private func makeRoom(keeping good: CheckpointGeneration) {
        for generation in (try? generations()) ?? [] where generation != good { try? remove(generation) }
    }
}

extension FileError {
    /// Whether the same may succeed later: a full disk is emptied, a server comes back; a folder that is read-only stays so.
    fileprivate var mayPass: Bool {
        writeErrorNumber.map { [ENOSPC, EDQUOT, EIO, ESTALE, EAGAIN, ENOMEM, EMFILE, ENFILE, ETIMEDOUT].contains($0) } ?? false
    }

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
