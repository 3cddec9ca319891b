import Checkpoints
import Digests
import Foundation

/// Writes checkpoints with correct checksums and contents that no run has written.
enum CheckpointForgery {
    /// Writes a copy of the checkpoint `source` to `path`, with other texts and arrays and their checksums.
    @discardableResult
    static func write(
        _ source: String, to path: String, texts change: (inout [String: String]) -> Void = { _ in },
        arrays alter: (String, inout [Float]) -> Void = { _, _ in }
    ) throws -> String {
        let reader = try SafetensorsReader(path: source)
        var metadata = reader.metadata
        change(&metadata)
        var arrays: [NamedArray] = []
        var rooms: [UnsafeMutableBufferPointer<Float>] = []
        defer { rooms.forEach { $0.deallocate() } }
        for array in reader.arrays {
            var values = try reader.elements(of: array.name, as: Float.self)
            alter(array.name, &values)
            let room = UnsafeMutableBufferPointer<Float>.allocate(capacity: values.count)
            _ = room.initialize(from: values)
            rooms.append(room)
            arrays.append(NamedArray(name: array.name, shape: array.shape, elements: UnsafeBufferPointer(room)))
        }
        try SafetensorsWriter.write(Checkpoint(arrays: arrays, metadata: metadata), to: path)
        return path
    }

    /// Changes the parameters of a checkpoint and removes their digest, so that the file is valid on its own.
    static func changeParameters(of path: String) throws {
        try write(
            path, to: path, texts: { $0["parameters_digest"] = nil },
            arrays: { name, values in if name == "decoder.bias" { values[0] += 1 } })
    }

    /// Changes the validation losses of a checkpoint.
    static func changeLosses(of path: String) throws {
        try write(
            path, to: path,
            texts: { $0["state"]?.replace(/"(bestLoss|lastLoss)":[0-9.]+/, with: { match in "\"\(match.1)\":0.5" }) })
    }
}
