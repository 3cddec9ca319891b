import Glibc

/// Files that are there wholly or not at all, whatever fails on the way.
///
/// The bytes go to a temporary name in the same folder, which is synchronised and then renamed; then the folder is
/// synchronised. So a reader finds the old file or the new one, also after a power failure.
public enum DurableFile {
    private static let temporarySuffix = ".partial"

    /// Writes the bytes as the whole of a file.
    ///
    /// Throws: `.notCommitted` if what was there before still is (the temporary file is removed);
    /// `.durabilityUncertain` if the new file is in place but synchronising the folder failed.
    public static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
        try write(bytes, to: path, through: .system)
    }

    /// Writes the text in UTF-8 as the whole of a file; throws as the other.
    public static func write(_ text: String, to path: String) throws(FileError) {
        try write(Array(text.utf8), to: path)
    }

    /// The same through other system calls.
    package static func write(_ bytes: [UInt8], to path: String, through calls: FileSystemCalls) throws(FileError) {
        let result = bytes.withUnsafeBytes { pointer in
            Result { () throws(FileError) in try write(pieces: [pointer], to: path, through: calls) }
        }
        try result.get()
    }

    /// Writes the pieces one after the other as the whole of a file, straight from the caller's memory.
    static func write(pieces: [UnsafeRawBufferPointer], to path: String, through calls: FileSystemCalls) throws(FileError) {
        try DurableWrite(path: path, temporarySuffix: temporarySuffix, calls: calls).run(pieces)
    }

    /// Whether a file of this name is one that an interrupted write left behind.
    static func isTemporary(_ name: String) -> Bool { name.hasPrefix(".") && name.hasSuffix(temporarySuffix) }
}

/// One write in progress: its names and the calls it goes through.
private struct DurableWrite {
    let path: String
    let folder: String
    let temporary: String
    let calls: FileSystemCalls

    init(path: String, temporarySuffix: String, calls: FileSystemCalls) {
        let (folder, name) = splitPath(path)
        // Two processes, or two writes of one, must never share a temporary.
        let mark = "\(getpid())-\(String(UInt32.random(in: .min ... .max), radix: 16))"
        self.path = path
        self.folder = folder
        self.temporary = joinPath(folder, ".\(name).\(mark)\(temporarySuffix)")
        self.calls = calls
    }

    func run(_ pieces: [UnsafeRawBufferPointer]) throws(FileError) {
        // The folder is opened first: nothing but its synchronisation can then fail after the rename.
        let folderDescriptor = try open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, "open the folder")
        do throws(FileError) {
            try fill(try open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, "create a temporary file"), pieces)
        } catch {
            try? calls.close(folderDescriptor)
            throw error
        }
        try settle(folderDescriptor)
    }

    /// Brings the bytes to the disk and under their name, or removes the temporary.
    private func fill(_ descriptor: Int32, _ pieces: [UnsafeRawBufferPointer]) throws(FileError) {
        do throws(FileError) {
            try writeAndClose(descriptor, pieces)
            try step("rename the temporary file") { () throws(CallFailure) in try calls.rename(temporary, path) }
        } catch {
            try? uninterrupted { () throws(CallFailure) in try calls.remove(temporary) }
            throw error
        }
    }

    private func writeAndClose(_ descriptor: Int32, _ pieces: [UnsafeRawBufferPointer]) throws(FileError) {
        do throws(FileError) {
            for piece in pieces { try write(piece, to: descriptor) }
            // A failed synchronisation is never tried again: the kernel may have dropped the pages and report success.
            try step("synchronise") { () throws(CallFailure) in
                try uninterrupted { () throws(CallFailure) in try calls.synchronize(descriptor) }
            }
        } catch {
            try? calls.close(descriptor)
            throw error
        }
        try step("close") { () throws(CallFailure) in try closeOnce(descriptor) }
    }

    private func write(_ piece: UnsafeRawBufferPointer, to descriptor: Int32) throws(FileError) {
        var rest = piece[...]
        while !rest.isEmpty {
            let count = try step("write") { () throws(CallFailure) in
                try uninterrupted { () throws(CallFailure) in
                    try calls.write(descriptor, UnsafeRawBufferPointer(rebasing: rest))
                }
            }
            // A device that takes nothing and reports no error would keep us here for ever.
            guard count > 0 else { throw notCommitted("write", CallFailure(errorNumber: EIO)) }
            rest = rest.dropFirst(count)
        }
    }

    /// Makes the rename durable; from here on the new file is in place.
    private func settle(_ folderDescriptor: Int32) throws(FileError) {
        do throws(CallFailure) {
            try synchronizeFolder(folderDescriptor, calls)
        } catch {
            try? calls.close(folderDescriptor)
            throw .durabilityUncertain(path: path, operation: "synchronise the folder", errorNumber: error.errorNumber)
        }
        do throws(CallFailure) {
            try closeOnce(folderDescriptor)
        } catch {
            throw .durabilityUncertain(path: path, operation: "close the folder", errorNumber: error.errorNumber)
        }
    }

    private func open(_ path: String, _ flags: Int32, _ operation: String) throws(FileError) -> Int32 {
        try step(operation) { () throws(CallFailure) in
            try uninterrupted { () throws(CallFailure) in try calls.open(path, flags, 0o666) }
        }
    }

    /// Linux frees the descriptor also when `close` is interrupted; a second call could close another's file.
    private func closeOnce(_ descriptor: Int32) throws(CallFailure) {
        do throws(CallFailure) {
            try calls.close(descriptor)
        } catch {
            guard error.errorNumber == EINTR else { throw error }
        }
    }

    private func step<Result>(_ operation: String, _ call: () throws(CallFailure) -> Result) throws(FileError) -> Result {
        do throws(CallFailure) {
            return try call()
        } catch {
            throw notCommitted(operation, error)
        }
    }

    private func notCommitted(_ operation: String, _ failure: CallFailure) -> FileError {
        .notCommitted(path: path, operation: operation, errorNumber: failure.errorNumber)
    }
}
