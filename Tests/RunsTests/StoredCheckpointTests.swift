import Checkpoints
import Failures
import Foundation
import Runs
import TestSupport
import Testing
import TextData

@Suite("The sizes in a checkpoint must match its arrays")
struct StoredCheckpointTests {
    private let scratch: ScratchFolder
    private static let vocabulary = #"{"counts":[3,2,1],"symbols":["a","b","c"],"unit":"char"}"#

    init() throws { scratch = try ScratchFolder() }

    /// Writes a checkpoint with correct checksums, little data and any configuration. Returns the error of opening it.
    private func refusal(_ configuration: String, state: String? = nil, count: Int = 4) throws -> (any UserFacingError)? {
        let whole = String(decoding: try JSONEncoder().encode(TrainingState()), as: UTF8.self)
        let values = [Float](repeating: 0, count: count)
        let path = scratch.file("c.safetensors")
        try values.withUnsafeBufferPointer { values in
            try SafetensorsWriter.write(
                Checkpoint(
                    arrays: [NamedArray(name: "encoder.weight", shape: [count], elements: values)],
                    metadata: [
                        "configuration": configuration, "texts": "{}", "vocabulary": Self.vocabulary, "state": state ?? whole,
                    ]), to: path)
        }
        do {
            _ = try StoredCheckpoint(path: path)
            return nil
        } catch {
            return error as? any UserFacingError
        }
    }

    @Test(
        "A small file cannot ask for a large memory",
        arguments: [
            #"{"hidden-size":100000}"#, #"{"hidden-size":1000000000000000000}"#, #"{"embedding-size":9000000000000000000}"#,
            #"{"layers":1000000000000}"#, #"{"batch-size":9000000000000000000}"#,
            #"{"layers":9223372036854775807,"hidden-size":9223372036854775807,"embedding-size":9223372036854775807}"#,
        ])
    func largeSizes(configuration: String) throws {
        let error = try #require(try refusal(configuration))
        #expect(error.exitStatus == .badData && "\(error)".contains("the checkpoint is inconsistent"), "\(error)")
    }

    @Test("Values out of range, missing arrays, arrays of another shape, and negative states are refused")
    func nonsense() throws {
        for configuration in [#"{"hidden-size":0}"#, #"{"hidden-size":-5}"#, #"{"layers":-1}"#, #"{"cell":"none"}"#, "[]", ""] {
            #expect(try refusal(configuration)?.exitStatus == .badData, "\(configuration)")
        }
        let small = #"{"hidden-size":2,"embedding-size":2,"batch-size":1,"layers":1,"optimizer":"sgd"}"#
        #expect("\(try #require(try refusal(small, count: 100)))".contains("'encoder.weight' is F32 [100]"))
        var state = TrainingState()
        state.window = -1
        let text = String(decoding: try JSONEncoder().encode(state), as: UTF8.self)
        #expect("\(try #require(try refusal(small, state: text, count: 100)))".contains("its state has window -1"))
    }
}
