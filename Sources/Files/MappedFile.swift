import CMappingGuard
import Glibc
import Synchronization

/// A whole file mapped read-only into memory, unmapped with the last reference.
///
/// Only the pages that are read take memory, and the system may drop them again, so a file may be larger than memory.
/// A page that cannot be read (a disk's bad block, a file that was shortened in place) reads as zeros: after reading, ask `fault`, or
/// read in `checked`.
package final class MappedFile: @unchecked Sendable {  // Sendable since the mapping never changes
    /// The file as it was named.
    package let path: String
    /// The file's contents, valid while this object lives; without an address if the file is empty.
    package let bytes: UnsafeRawBufferPointer

    private let mapping: Mapping?
    /// Size and time of the last change that was seen; nil for a copy.
    private let seen: Mutex<FileVersion?>

    /// So many zeros can be read behind the contents: a text that changes meanwhile may break off inside of a character.
    private static let margin = 8

    /// Maps the file at `path`.
    ///
    /// Throws `.missing`, `.folder`, `.notRegular` or `.unreadable`.
    package init(path: String) throws(FileError) {
        let descriptor = try OpenFile(path: path)
        let version = try descriptor.version()
        self.path = path
        mapping = try Mapping(descriptor, byteCount: version.byteCount, margin: Self.margin)
        bytes = mapping?.bytes ?? UnsafeRawBufferPointer(start: nil, count: 0)
        seen = Mutex(version)
    }

    /// A copy of bytes in memory of exactly their size, in the place of a file: reading beyond them can be noticed.
    package init(copying bytes: UnsafeRawBufferPointer, named path: String) {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 8)
        copy.copyMemory(from: bytes)
        self.path = path
        self.bytes = UnsafeRawBufferPointer(copy)
        mapping = nil
        seen = Mutex(nil)
    }

    deinit {
        if mapping == nil, let start = bytes.baseAddress { start.deallocate() }
    }

    /// Tells the system that the file is going to be read from its start to its end.
    package func adviseSequential() { mapping?.adviseSequential() }

    // MARK: What may have happened meanwhile

    /// Whether the file was written to since it was opened or this was asked last. Costs a system call and allocates nothing.
    ///
    /// Throws `.shortened`.
    package func hasChanged() throws(FileError) -> Bool {
        guard let mapping else { return false }
        let now = try mapping.file.version()
        guard now.byteCount >= bytes.count else { throw .shortened(path: path, byteCount: now.byteCount, expected: bytes.count) }
        return seen.withLock { seen in
            let isOther = seen != now
            seen = now
            return isOther
        }
    }

    /// Why a part of what was read was not there: `.notRead` or `.shortened`; nil where all was.
    package var fault: FileError? {
        guard let mapping, let offset = mapping.fault, offset < bytes.count else { return nil }
        if let now = try? mapping.file.version(), now.byteCount < bytes.count {
            return .shortened(path: path, byteCount: now.byteCount, expected: bytes.count)
        }
        return .notRead(path: path, byteOffset: offset, errorNumber: EIO)
    }

    /// Returns or throws as `body`, which reads the file, unless a part could not be read: then it throws that.
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
}

/// The pages of a mapped file, with a guard over them.
private final class Mapping {
    let file: OpenFile
    let bytes: UnsafeRawBufferPointer
    private let guardNumber: Int32
    private let length: Int
    private let start: UnsafeMutableRawPointer

    /// Nil for an empty file: the system refuses to map nothing.
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
        // Advice alone: when it is refused, reading is slower and still right.
        madvise(start, length, MADV_SEQUENTIAL)
    }
}
