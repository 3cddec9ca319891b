import Checkpoints
import TestSupport
import Testing

@Suite("A checkpoint is read back with the same bits")
struct SafetensorsRoundTripTests {
    private static let oddNames = ["", "a\"b\\c", "line\nend\u{0}\u{1f}", "名前/🎈", "xxh3.weight", "__metadata", "weight"]

    private func everyKind() -> Arrays {
        let arrays = Arrays()
        arrays.add("bytes", [13], (0..<13).map { UInt8($0 * 19 % 256) })
        arrays.add("floats", [2, 3], [Float(bitPattern: 0x7fc0_1234), -0.0, .infinity, Float.leastNonzeroMagnitude, .pi, -1])
        arrays.add("doubles", [1, 5], [Double(bitPattern: 0x7ff8_0000_dead_beef), -0.0, Double.leastNonzeroMagnitude, .pi, 2])
        arrays.add("integers", [2, 2], [Int64.min, -1, 0, .max])
        arrays.add("small integers", [3], [Int32.min, 7, .max])
        arrays.add("one element", [], [Double(3)])
        arrays.add("empty", [2, 0, 7], [Float]())
        arrays.add("empty too", [0], [Int64]())
        for (index, name) in Self.oddNames.enumerated() { arrays.add(name, [index], [Int](0..<index)) }
        return arrays
    }

    @Test("Every element type, empty arrays, single elements and unusual names keep shape and bits")
    func roundTrip() throws {
        let (folder, arrays) = (try ScratchFolder(), everyKind())
        let metadata = ["": "empty key", "config": "a = \"b\"\r\n\t\\ é\u{301} 🎈", "empty": ""]
        let path = folder.file("all.safetensors")
        try arrays.write(to: path, metadata)
        let reader = try SafetensorsReader(path: path)
        #expect(reader.metadata == metadata)
        #expect(Set(reader.names) == Set(arrays.arrays.map(\.name)) && reader.names.count == arrays.arrays.count)
        try arrays.withCheckpoint { for array in $0.arrays { try expect(reader, holds: array) } }
    }

    private func expect(_ reader: SafetensorsReader, holds array: NamedArray) throws {
        let description = try #require(reader.description(of: array.name))
        #expect(description.shape == array.shape && description.elementType == array.elementType)
        func bytes<Element: CheckpointElement>(_ type: Element.Type) throws -> [UInt8] {
            try reader.withElements(of: array.name, as: type, shape: array.shape) { Array(UnsafeRawBufferPointer($0)) }
        }
        let found =
            switch array.elementType {
            case .float64: try bytes(Double.self)
            case .float32: try bytes(Float.self)
            case .int64: try bytes(Int64.self)
            case .int32: try bytes(Int32.self)
            case .uint8: try bytes(UInt8.self)
            }
        #expect(found == Array(array.bytes), "\(array.name)")
    }

    @Test("A checkpoint without arrays and texts is valid")
    func nothing() throws {
        let folder = try ScratchFolder()
        try SafetensorsWriter.write(Checkpoint(arrays: []), to: folder.file("none.safetensors"))
        let reader = try SafetensorsReader(path: folder.file("none.safetensors"))
        #expect(reader.names.isEmpty && reader.metadata.isEmpty)
    }

    @Test("The bytes of a file do not depend on the order of the arrays")
    func deterministic() throws {
        let (folder, arrays) = (try ScratchFolder(), everyKind())
        let texts = (0..<50).map { ("key \($0)", "\($0)") }
        try arrays.withCheckpoint(Dictionary(uniqueKeysWithValues: texts)) { checkpoint in
            try SafetensorsWriter.write(checkpoint, to: folder.file("forward"))
            let metadata = Dictionary(uniqueKeysWithValues: texts.reversed())
            let backward = Checkpoint(arrays: checkpoint.arrays.reversed(), metadata: metadata)
            try SafetensorsWriter.write(backward, to: folder.file("backward"))
        }
        #expect(try folder.read("forward") == folder.read("backward"))
    }

    // The digests were computed by libxxhash from Python, and the `safetensors` package can read the file.
    @Test("The bytes of a small file are pinned")
    func pinned() throws {
        let folder = try ScratchFolder()
        let arrays = Arrays()
        arrays.add("b", [1], [Float(1)])
        arrays.add("a", [1], [UInt8(7)])
        try arrays.write(to: folder.file("pinned"), ["k": "v"])
        let header =
            #"{"__metadata__":{"xxh3_header":"a8d4a0f93436ad66","k":"v","xxh3.a":"4c5cca45d0f4811f","xxh3.b":"f87b05471331b3ae"},"#
            + #""b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"U8","shape":[1],"data_offsets":[4,5]}}"#
        let padded = header + String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
        let length = [UInt8(padded.utf8.count), 0, 0, 0, 0, 0, 0, 0]
        #expect(try folder.read("pinned") == length + Array(padded.utf8) + [0, 0, 0x80, 0x3f, 7])
    }

    @Test("Data start at a multiple of 8 and each array at a multiple of its element size", arguments: 0..<9)
    func aligned(keyLength: Int) throws {
        let (folder, arrays) = (try ScratchFolder(), everyKind())
        let metadata = ["k" + String(repeating: "x", count: keyLength): ""]
        try arrays.write(to: folder.file("f"), metadata)
        let reader = try SafetensorsReader(path: folder.file("f"))
        let sizes = reader.arrays.map(\.elementType.byteCount)
        #expect(sizes == sizes.sorted(by: >))
        #expect(try folder.read("f")[0] % 8 == 0)
    }

    @Test("An array is copied into the caller's memory")
    func copied() throws {
        let folder = try ScratchFolder()
        try Arrays.small(2.5).write(to: folder.file("f"))
        var values = [Float](repeating: 0, count: 6)
        let reader = try SafetensorsReader(path: folder.file("f"))
        try values.withUnsafeMutableBufferPointer { try reader.copy("weight", shape: [2, 3], into: $0) }
        #expect(values == [Float](repeating: 2.5, count: 6))
    }

    @Test("A request for another name, type or shape is refused with both values")
    func mismatches() throws {
        let folder = try ScratchFolder()
        let path = folder.file("f")
        try Arrays.small(1).write(to: path)
        let reader = try SafetensorsReader(path: path)
        #expect(throws: CheckpointError.noSuchArray(path: path, name: "bias")) { try reader.elements(of: "bias", as: Float.self) }
        #expect(throws: CheckpointError.otherArray(path: path, name: "weight", found: "F32 [2, 3]", expected: "F64 [2, 3]")) {
            try reader.elements(of: "weight", as: Double.self)
        }
        #expect(throws: CheckpointError.otherArray(path: path, name: "weight", found: "F32 [2, 3]", expected: "F32 [3, 2]")) {
            try reader.elements(of: "weight", as: Float.self, shape: [3, 2])
        }
    }
}
