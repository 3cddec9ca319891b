/// Writes checkpoints as safetensors files.
public enum SafetensorsWriter {
    /// Writes a checkpoint under a path, durably, straight from the caller's memory.
    ///
    /// The same contents give the same bytes. Cost: two passes over the arrays, one for their checksums and one to
    /// write them; they must not change in between. Throws as `DurableFile.write`.
    public static func write(_ checkpoint: Checkpoint, to path: String) throws(FileError) {
        try write(checkpoint, to: path, through: .system)
    }

    /// The same through other system calls.
    package static func write(
        _ checkpoint: Checkpoint, to path: String, through calls: FileSystemCalls
    ) throws(FileError) {
        let arrays = SafetensorsHeader.inFileOrder(checkpoint.arrays)
        let header = SafetensorsHeader(describing: arrays, metadata: checkpoint.metadata).encoded()
        let result = header.withUnsafeBytes { head in
            Result { () throws(FileError) in
                try DurableFile.write(pieces: [head] + arrays.map(\.bytes), to: path, through: calls)
            }
        }
        try result.get()
    }
}
