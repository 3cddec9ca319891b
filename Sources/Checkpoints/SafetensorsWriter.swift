public import Files
import Glibc

/// Writes checkpoints as safetensors files.
public enum SafetensorsWriter {
    /// Writes a checkpoint under a path, durably, straight from the caller's memory.
    ///
    /// The same contents give the same bytes. Cost: two passes over the arrays, one for their checksums and one to
    /// write them; they must not change in between. Throws as `DurableFile`.
    public static func write(_ checkpoint: Checkpoint, to path: String) throws(FileError) {
        try write(checkpoint, to: path, through: .system)
    }

    /// The same through other system calls.
    package static func write(
        _ checkpoint: Checkpoint, to path: String, through calls: FileSystemCalls
    ) throws(FileError) {
        try write(checkpoint, to: DurableFile(path: path, through: calls), path: path)
    }

    /// The same in an open folder.
    package static func write(_ checkpoint: Checkpoint, to place: FilePlace) throws(FileError) {
        try write(checkpoint, to: DurableFile(at: place), path: place.path)
    }

    private static func write(
        _ checkpoint: Checkpoint, to file: consuming DurableFile, path: String
    ) throws(FileError) {
        let arrays = SafetensorsHeader.inFileOrder(checkpoint.arrays)
        let header = SafetensorsHeader(describing: arrays, metadata: checkpoint.metadata).encoded()
        // A file that no reader would take must not replace one that is good.
        guard header.count - SafetensorsHeader.lengthByteCount <= SafetensorsHeader.byteCountLimit else {
            throw .failed(path: path, operation: "write a header of \(header.count) bytes", errorNumber: EFBIG)
        }
        try file.write(header)
        for array in arrays { try file.write(array.bytes) }
        try file.commit()
    }

    /// The most bytes that a header may have, by the format.
    package static let headerByteCountLimit = Int(SafetensorsHeader.byteCountLimit)

    /// The size in bytes of a checkpoint of float arrays with these names and shapes, and of these texts, without making it: of its header
    /// without the eight bytes of the length, and of the whole file.
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
        // Of the texts, which may be long, only the length is needed.
        let empty = SafetensorsHeader(entries: entries, metadata: metadata.mapValues { _ in "" }, checksums: checksums)
        let bytes = empty.unpaddedByteCount + metadata.values.reduce(0) { $0 + jsonByteCount($1) }
        let head = bytes + (8 - bytes % 8) % 8
        return (head - SafetensorsHeader.lengthByteCount, head + offset)
    }
}
