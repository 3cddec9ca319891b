import Checkpoints
import Files

/// Arrays with their own memory, for writing and comparing.
final class Arrays {
    private(set) var arrays: [NamedArray] = []
    private var blocks: [UnsafeMutableRawBufferPointer] = []

    deinit { for block in blocks { block.deallocate() } }

    @discardableResult
    func add<Element: CheckpointElement>(_ name: String, _ shape: [Int], _ elements: [Element]) -> UnsafeMutableBufferPointer<
        Element
    > {
        let memory = UnsafeMutableBufferPointer<Element>.allocate(capacity: elements.count)
        _ = memory.initialize(fromContentsOf: elements)
        blocks.append(UnsafeMutableRawBufferPointer(memory))
        arrays.append(NamedArray(name: name, shape: shape, elements: UnsafeBufferPointer(memory)))
        return memory
    }

    /// Calls the body with a checkpoint of the arrays, which is valid during the call.
    func withCheckpoint<Result, Failure: Error>(
        _ metadata: [String: String] = [:], _ body: (Checkpoint) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { withExtendedLifetime(self) {} }
        return try body(Checkpoint(arrays: arrays, metadata: metadata))
    }

    func write(to path: String, _ metadata: [String: String] = [:], through calls: FileSystemCalls = .system) throws(FileError) {
        try withCheckpoint(metadata) { checkpoint throws(FileError) in
            try SafetensorsWriter.write(checkpoint, to: path, through: calls)
        }
    }
}

extension Arrays {
    /// A checkpoint that is identified by its value.
    static func small(_ value: Float) -> Arrays {
        let arrays = Arrays()
        arrays.add("weight", [2, 3], [Float](repeating: value, count: 6))
        arrays.add("state", [3], [UInt8(1), 2, 3])
        return arrays
    }
}

extension CheckpointFolder {
    /// Writes `Arrays.small`.
    func writeSmall(_ value: Float, step: Int) throws(FileError) {
        try Arrays.small(value).withCheckpoint { checkpoint throws(FileError) in _ = try write(checkpoint, step: step) }
    }
}

/// The value of a checkpoint from `Arrays.small`.
func smallValue(_ path: String) throws -> Float { try SafetensorsReader(path: path).elements(of: "weight")[0] }
