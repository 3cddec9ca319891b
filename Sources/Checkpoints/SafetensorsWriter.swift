public import Files

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
        try write(checkpoint, to: DurableFile(path: path, through: calls))
    }

    /// The same in an open folder.
    package static func write(_ checkpoint: Checkpoint, to place: FilePlace) throws(FileError) {
        try write(checkpoint, to: DurableFile(at: place))
    }

    private static func write(_ checkpoint: Checkpoint, to file: consuming DurableFile) throws(FileError) {
        let arrays = SafetensorsHeader.inFileOrder(checkpoint.arrays)
        let header = SafetensorsHeader(describing: arrays, metadata: checkpoint.metadata).encoded()
        try file.write(header)
        for array in arrays { try file.write(array.bytes) }
        try file.commit()
    }

    /// The size in bytes of a checkpoint of float arrays with these names and shapes, and of these texts, without making it.
    package static func byteCount(of arrays: [(name: String, shape: [Int])], metadata: [String: String]) -> Int {
        var entries: [SafetensorsHeader.Entry] = []
        var offset = 0
        for array in arrays.sorted(by: { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }) {
            let range = offset..<offset + array.shape.reduce(ElementType.float32.byteCount, *)
            entries.append(
                SafetensorsHeader.Entry(name: array.name, elementType: .float32, shape: array.shape, range: range))
            offset = range.upperBound
        }
        let checksums = Dictionary(uniqueKeysWithValues: arrays.map { ($0.name, String(repeating: "0", count: 16)) })
        return SafetensorsHeader(entries: entries, metadata: metadata, checksums: checksums).encoded().count + offset
    }
}
