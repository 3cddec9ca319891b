public import Files
import Glibc

/// Writes checkpoints as safetensors files.
public enum SafetensorsWriter {
    /// Writes a checkpoint durably to a path, directly from the caller's memory.
    ///
    /// The bytes of the file depend only on the content. Cost: two passes over the arrays, one for checksums and one for writing. The
    /// arrays must not change in between. Throws the errors of `DurableFile`.
    public static func write(_ checkpoint: Checkpoint, to path: String) throws(FileError) {
        try write(checkpoint, to: path, through: .system)
    }

    /// Writes with other system calls.
    package static func write(
        _ checkpoint: Checkpoint, to path: String, through calls: FileSystemCalls
    ) throws(FileError) {
        try write(checkpoint, to: DurableFile(path: path, through: calls), path: path)
    }

    /// Writes into an open folder.
    package static func write(_ checkpoint: Checkpoint, to place: FilePlace) throws(FileError) {
        try write(checkpoint, to: DurableFile(at: place), path: place.path)
    }

    private static func write(
        _ checkpoint: Checkpoint, to file: consuming DurableFile, path: String
    ) throws(FileError) {
        let arrays = SafetensorsHeader.inFileOrder(checkpoint.arrays)
        let header = SafetensorsHeader(describing: arrays, metadata: checkpoint.metadata).encoded()
        // A file that the reader would reject must not replace a valid one.
        guard header.count - SafetensorsHeader.lengthByteCount <= SafetensorsHeader.byteCountLimit else {
            throw .failed(path: path, operation: "write a header of \(header.count) bytes", errorNumber: EFBIG)
        }
        try file.write(header)
        for array in arrays { try file.write(array.bytes) }
        try file.commit()
    }

    /// The maximum size of a header in the format.
    package static let headerByteCountLimit = Int(SafetensorsHeader.byteCountLimit)

    /// The sizes in bytes of a checkpoint of float arrays with these names and shapes, and of these texts: of its header without the eight
    /// bytes of the length, and of the whole file. Does not create the checkpoint.
    package static func byteCounts(
        of arrays: [(name: String, shape: [Int])], metadata: [String: String]
    ) -> (header: Int, file: Int) {
        var entries: [SafetensorsHeader.Entry] = []
        var offset = 0
        for array in arrays.sorted(by: { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }) {
            let range = offset..<offset + array.shape.reduce(ElementType.float32.byteCount, *)
            entries.append(
                SafetensorsHeader.Entry(name: array.name, elementType: .float32, shape: array.shape, range: range))
            offset = range.upperBound
        }
        let checksums = Dictionary(uniqueKeysWithValues: arrays.map { ($0.name, String(repeating: "0", count: 16)) })
        // Only the length of the texts, which may be long, is needed.
        let empty = SafetensorsHeader(entries: entries, metadata: metadata.mapValues { _ in "" }, checksums: checksums)
        let bytes = empty.unpaddedByteCount + metadata.values.reduce(0) { $0 + jsonByteCount($1) }
        let head = bytes + (8 - bytes % 8) % 8
        return (head - SafetensorsHeader.lengthByteCount, head + offset)
    }
}
