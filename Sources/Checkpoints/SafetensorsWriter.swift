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
        let arrays = SafetensorsHeader.inFileOrder(checkpoint.arrays)
        let header = SafetensorsHeader(describing: arrays, metadata: checkpoint.metadata).encoded()
        let file = try DurableFile(path: path, through: calls)
        try file.write(header)
        for array in arrays { try file.write(array.bytes) }
        try file.commit()
    }
}
