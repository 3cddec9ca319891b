import CMappingGuard
import Glibc
import Synchronization

/// A whole file, mapped into memory read-only. The last reference unmaps it.
///
/// Only the pages that are read use memory, and the system may drop them, so a file may be larger than memory. A page that cannot be read,
/// because of a bad block or because the file was shortened, reads as zeros. After reading, check `fault`, or read inside `checked`.
package final class MappedFile: @unchecked Sendable {  // Sendable since the mapping never changes
    /// The path that the file was opened with.
    package let path: String
    /// The content of the file, valid during the lifetime of this object. The base address is nil if the file is empty.
    package let bytes: UnsafeRawBufferPointer

    /// The version of the file when it was opened; nil for a copy.
    package let version: FileVersion?

    private let mapping: Mapping?
    /// The last observed version; nil for a copy.
    private let seen: Mutex<FileVersion?>

    /// The number of readable zero bytes after the content. A text that changes during reading may end inside a character.
    private static let margin = 8

    /// Maps the file at `path`.
    ///
    /// Throws `.missing`, `.folder`, `.notRegular` or `.unreadable`.
    package init(path: String) throws(FileError) {
        let descriptor = try OpenFile(path: path)
        let version = try descriptor.version()
        (self.path, self.version) = (path, version)
        mapping = try Mapping(descriptor, byteCount: version.byteCount, margin: Self.margin)
        bytes = mapping?.bytes ?? UnsafeRawBufferPointer(start: nil, count: 0)
        seen = Mutex(version)
    }

    /// A copy of bytes in a mapping of exactly their size, instead of a file. Tests can detect reads beyond its end.
    package init(copying bytes: UnsafeRawBufferPointer, named path: String) {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 8)
        copy.copyMemory(from: bytes)
        self.path = path
        self.bytes = UnsafeRawBufferPointer(copy)
        (mapping, version) = (nil, nil)
        seen = Mutex(nil)
    }

    deinit {
        if mapping == nil, let start = bytes.baseAddress { start.deallocate() }
    }

    /// Advises the system that the file will be read sequentially.
    package func adviseSequential() { mapping?.adviseSequential() }

    // MARK: What may have happened meanwhile

    /// Whether content or status of the file have changed since it was opened or since the last call. Costs one system call, allocates nothing.
    ///
    /// Throws `.shortened`.
    package func hasChanged() throws(FileError) -> Bool { try change() != .nothing }

    /// What has changed in the file since it was opened or since the last call. Costs one system call, allocates nothing.
    ///
    /// Throws `.shortened`.
    package func change() throws(FileError) -> FileChange {
        guard let mapping else { return .nothing }
        let now = try mapping.file.version()
        guard now.byteCount >= bytes.count else { throw .shortened(path: path, byteCount: now.byteCount, expected: bytes.count) }
        return seen.withLock { seen in
            let change = seen?.change(to: now) ?? .nothing
            seen = now
            return change
        }
    }

    /// The error if part of the content could not be read: `.notRead` or `.shortened`; otherwise nil.
    package var fault: FileError? {
        guard let mapping, let offset = mapping.fault, offset < bytes.count else { return nil }
        if let now = try? mapping.file.version(), now.byteCount < bytes.count {
            return .shortened(path: path, byteCount: now.byteCount, expected: bytes.count)
        }
        return .notRead(path: path, byteOffset: offset, errorNumber: EIO)
    }

    /// Runs `body`, which reads the file. Throws the read error if part of the file could not be read.
    package func checked<Result, Failure: Error>(
        _ failure: (FileError) -> Failure, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let outcome: Swift.Result<Result, Failure>
        do throws(Failure) {
            outcome = .success(try body())
        } catch {
            outcome = .failure(error)
        }
        if let fault { throw failure(fault) }
        return try outcome.get()
    }

    /// Runs `body`, which reads the file once, as a whole. Throws the read error as `checked` does, and `changed` if the file was written in the
    /// meantime: what `body` read may then be a part of the old content and a part of the new one.
    package func checkedUnchanged<Result, Failure: Error>(
        _ failure: (FileError) -> Failure, changed: Failure, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try checked(failure) { () throws(Failure) in
            let result = try body()
            let hasChanged: Bool
            do throws(FileError) {
                hasChanged = try self.hasChanged()
            } catch {
                throw failure(error)
            }
            if hasChanged { throw changed }
            return result
        }
    }
}

/// The pages of a mapped file, with a guard against read faults.
private final class Mapping {
    let file: OpenFile
    let bytes: UnsafeRawBufferPointer
    private let guardNumber: Int32
    private let length: Int
    private let start: UnsafeMutableRawPointer

    /// Nil for an empty file, because the system refuses an empty mapping.
    init?(_ file: consuming OpenFile, byteCount: Int, margin: Int) throws(FileError) {
        guard byteCount > 0 else { return nil }
        length = byteCount + margin
        guard let start = mmap(nil, length, PROT_READ, MAP_PRIVATE, file.number, 0), start != MAP_FAILED else {
            throw .unreadable(path: file.path, operation: .map, errorNumber: errno)
        }
        self.start = start
        bytes = UnsafeRawBufferPointer(start: start, count: byteCount)
        guardNumber = cmapguard_add(start, length)
        self.file = file
    }

    deinit {
        cmapguard_remove(guardNumber)
        munmap(start, length)
    }

    /// The offset of the first page that could not be read.
    var fault: Int? {
        let offset = cmapguard_fault(guardNumber)
        return offset < 0 ? nil : Int(offset)
    }

    func adviseSequential() {
        // Advice only: if the system refuses it, reading is slower but correct.
        madvise(start, length, MADV_SEQUENTIAL)
    }
}
