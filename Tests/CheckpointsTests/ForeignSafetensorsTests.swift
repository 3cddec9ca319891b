import Checkpoints
import TestSupport
import Testing

/// Files of other programs, and invalid files.
enum Foreign {
    static func file(_ json: String, _ data: [UInt8] = [], claimedLength: UInt64? = nil) -> [UInt8] {
        let length = claimedLength ?? UInt64(json.utf8.count)
        return withUnsafeBytes(of: length.littleEndian, Array.init) + Array(json.utf8) + data
    }

    /// A file with a correct digest of its header and otherwise arbitrary content.
    static func sealed(_ json: String) -> [UInt8] {
        var bytes = file(json)
        HeaderSeal.seal(&bytes)
        return bytes
    }

    static func array(_ name: String, _ type: String, _ shape: String, _ start: String, _ end: String) -> String {
        #""\#(name)":{"dtype":"\#(type)","shape":\#(shape),"data_offsets":[\#(start),\#(end)]}"#
    }
}

@Suite("Files of other programs are read, and invalid headers are refused")
struct ForeignSafetensorsTests {
    private func open(_ bytes: [UInt8]) throws -> SafetensorsReader {
        let folder = try ScratchFolder()
        return try SafetensorsReader(path: folder.write(bytes, to: "foreign"), requireChecksums: false)
    }

    private func damage(_ bytes: [UInt8]) throws -> CheckpointDamage? {
        do {
            _ = try open(bytes)
            return nil
        } catch {
            guard let error = error as? CheckpointError, case .damaged(_, let damage) = error else { throw error }
            return damage
        }
    }

    private func damage(_ fields: [String], _ dataCount: Int) throws -> CheckpointDamage? {
        try damage(Foreign.file("{\(fields.joined(separator: ","))}", [UInt8](repeating: 0, count: dataCount)))
    }

    @Test("A file without checksums is read on request, also with unaligned arrays")
    func plain() throws {
        let json = "{\(Foreign.array("odd", "U8", "[1]", "0", "1")),\(Foreign.array("w", "F32", "[1,2]", "1", "9"))}"
        let values: [Float] = [1.25, -3]
        let bytes = Foreign.file(json, [9] + values.withUnsafeBytes(Array.init))
        let reader = try open(bytes)
        #expect(try reader.elements(of: "w", shape: [1, 2]) == values)
        #expect(try reader.elements(of: "odd", as: UInt8.self) == [9])
        let folder = try ScratchFolder()
        let path = try folder.write(bytes, to: "foreign")
        #expect(throws: CheckpointError.damaged(path: path, .noChecksum(array: nil))) { try SafetensorsReader(path: path) }
    }

    @Test("Header lengths beyond the limit or the file are refused", arguments: [UInt64.max, 1 << 63, 100_000_001, 3, 64])
    func headerLength(length: UInt64) throws {
        let found = try damage(Foreign.file("{}", claimedLength: length))
        let expected: CheckpointDamage =
            length > 100_000_000
            ? .headerTooLong(byteCount: length, limit: 100_000_000) : .tooShort(byteCount: 10, needed: 8 + length)
        #expect(found == expected)
    }

    @Test("Holes, overlaps and data after the last array are refused")
    func layout() throws {
        let first = Foreign.array("a", "U8", "[4]", "0", "4")
        #expect(
            try damage([first, Foreign.array("b", "U8", "[2]", "5", "7")], 7) == .notContiguous(array: "b", start: 5, expected: 4)
        )
        #expect(
            try damage([first, Foreign.array("b", "U8", "[2]", "3", "5")], 5) == .notContiguous(array: "b", start: 3, expected: 4)
        )
        #expect(
            try damage([first, Foreign.array("b", "U8", "[4]", "0", "4")], 4) == .notContiguous(array: "b", start: 0, expected: 4)
        )
        #expect(try damage([Foreign.array("a", "U8", "[3]", "1", "4")], 4) == .notContiguous(array: "a", start: 1, expected: 0))
        #expect(try damage([first], 5) == .trailingBytes(dataEnd: 4, fileEnd: 5))
    }

    @Test("Offsets that overflow, run backwards or leave the file are refused")
    func offsets() throws {
        let pairs = [(0, 5), (3, 2), (-1, 3), (0, Int.max), (Int.max, Int.max), (Int.min, 4)]
        for (start, end) in pairs {
            let found = try damage([Foreign.array("a", "U8", "[4]", "\(start)", "\(end)")], 4)
            #expect(found == .impossibleOffsets(array: "a", found: [start, end], byteCount: 4))
        }
        let three = #""a":{"dtype":"U8","shape":[4],"data_offsets":[0,2,4]}"#
        #expect(try damage([three], 4) == .impossibleOffsets(array: "a", found: [0, 2, 4], byteCount: 4))
    }

    @Test("Shapes that overflow, are negative or do not match the number of bytes are refused")
    func shapes() throws {
        let big = Int.max
        for shape in [[big, 2], [1 << 62, 1 << 2], [-2, -2], [-1], [big / 2]] {
            let found = try damage([Foreign.array("a", "F64", "\(shape)", "0", "8")], 8)
            #expect(found == .impossibleShape(array: "a", shape: shape))
        }
        #expect(
            try damage([Foreign.array("a", "F32", "[3]", "0", "8")], 8) == .wrongByteCount(array: "a", found: 8, expected: 12))
        #expect(try damage([Foreign.array("a", "F32", "[]", "0", "8")], 8) == .wrongByteCount(array: "a", found: 8, expected: 4))
        #expect(try damage([Foreign.array("a", "BF16", "[4]", "0", "8")], 8) == .unknownElementType(array: "a", found: "BF16"))
    }

    @Test("A duplicate name or key is refused, also if the spellings differ")
    func repeatedNames() throws {
        let empty = Foreign.array("a", "U8", "[0]", "0", "0")
        #expect(try damage([empty, empty], 0) == .repeatedOrUnknownNames(found: 8, expected: 4))
        let composed = [Foreign.array("\u{e9}", "U8", "[0]", "0", "0"), Foreign.array("e\u{301}", "U8", "[0]", "0", "0")]
        #expect(try damage(composed, 0) == .repeatedOrUnknownNames(found: 8, expected: 4))
        let escaped = [empty, Foreign.array(#"\u0061"#, "U8", "[0]", "0", "0")]
        #expect(try damage(escaped, 0) == .repeatedOrUnknownNames(found: 8, expected: 4))
        #expect(try damage([#""__metadata__":{"k":"1","k":"2"}"#], 0) == .repeatedOrUnknownNames(found: 3, expected: 2))
        #expect(
            try damage([#""a":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"x":1}"#], 0)
                == .repeatedOrUnknownNames(found: 5, expected: 4))
    }

    @Test(
        "Headers that are not JSON objects are refused",
        arguments: [
            "", "{", "[]", "null", "{}{}", "{\"a\":1}", "{\"a\":{}}", "{\"__metadata__\":{\"k\":1}}", "{\"__metadata__\":[]}",
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[0.5],\"data_offsets\":[0,0]}}",
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[99999999999999999999],\"data_offsets\":[0,0]}}",
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":\"x\"}}", "{\"\\ud800\":{}}", "{\0\"\0a\0\"\0}\0",
        ])
    func noHeader(json: String) throws { try expectNoHeader(json) }

    @Test("A header with a hundred thousand levels of nesting is refused")
    func deepHeader() throws { try expectNoHeader("{\"a\":" + String(repeating: "[", count: 100_000)) }

    private func expectNoHeader(_ json: String) throws {
        guard case .unreadableHeader = try damage(Foreign.file(json)) else {
            Issue.record("\(json.prefix(60)) was accepted as a header")
            return
        }
    }

    @Test("Invalid UTF-8 is refused")
    func invalidUTF8() throws {
        let bytes = [4, 0, 0, 0, 0, 0, 0, 0] + Array("{".utf8) + [0xff, 0xfe] + Array("}".utf8)
        #expect(try damage(bytes) == .unreadableHeader("it is not an object in UTF-8"))
    }

    @Test("After random damage to a header without checksums, the reader does not crash, and no array is outside the file")
    func mutations() throws {
        let folder = try ScratchFolder()
        let fields = ["w": 24, "é": 8, "b": 0].map { Foreign.array($0.key, "U8", "[\($0.value)]", "0", "\($0.value)") }
        let whole = Foreign.file("{\"__metadata__\":{\"k\":\"v\"},\(fields[0])}", [UInt8](repeating: 7, count: 24))
        var random = SplitMix(state: 11)
        for _ in 0..<1000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            guard let reader = try? SafetensorsReader(path: folder.write(bytes, to: "f"), requireChecksums: false) else {
                continue
            }
            for array in reader.arrays where array.elementType == .uint8 {
                #expect(try reader.elements(of: array.name, as: UInt8.self).count <= 24)
            }
        }
    }
}

/// The generator SplitMix64 (Steele, Lea & Flood 2014), so that a seed gives the same test everywhere.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
        return bits ^ (bits >> 31)
    }
}
