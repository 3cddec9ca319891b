import TextData
import Testing

@Suite struct UTF8Tests {
    static let invalid: [(bytes: [UInt8], defect: UTF8Defect)] = [
        ([0x80], .strayContinuation), ([0xBF, 0xBF], .strayContinuation),
        ([0xC0, 0x80], .overlong), ([0xC1, 0xBF], .overlong), ([0xE0, 0x80, 0x80], .overlong), ([0xE0, 0x9F, 0xBF], .overlong),
        ([0xF0, 0x80, 0x80, 0x80], .overlong), ([0xF0, 0x8F, 0xBF, 0xBF], .overlong),
        ([0xED, 0xA0, 0x80], .surrogate), ([0xED, 0xBF, 0xBF], .surrogate),
        ([0xF4, 0x90, 0x80, 0x80], .tooLarge), ([0xF5, 0x80, 0x80, 0x80], .invalidByte(0xF5)),
        ([0xFF], .invalidByte(0xFF)), ([0xFE], .invalidByte(0xFE)),
        ([0xC3], .truncated), ([0xE2, 0x82], .truncated), ([0xF0, 0x9F, 0x98], .truncated), ([0xF0], .truncated),
        ([0xC3, 0x41], .truncated), ([0xE2, 0x82, 0x41], .truncated), ([0xF0, 0x9F, 0x98, 0x41], .truncated),
        ([0xE2, 0x41, 0x82], .truncated),
    ]

    @Test("Invalid UTF-8 of each kind is detected at its offset, at any position", arguments: invalid)
    func defects(bytes: [UInt8], defect: UTF8Defect) throws {
        let fillers = ["", "a", "1234567", "12345678", "123456789", "ä€😀", "1234567890123456789012345", "aé"]
        for before in fillers {
            for after in ["", "z", "12345678901234567"] where !after.isEmpty || defect != .truncated || bytes.count < 5 {
                let text = Array(before.utf8) + bytes + Array(after.utf8)
                for unit in [TokenUnit.word, .char] {
                    let error = textDataError { _ = try TextSource(name: "t", bytes: text, unit: unit) }
                    #expect(error == .invalidUTF8(source: "t", byteOffset: before.utf8.count, defect: defect))
                }
                #expect(throws: Never.self) { try TextSource(name: "t", bytes: text, unit: .byte) }
            }
        }
    }

    @Test("The bounds of every range of valid UTF-8 are valid")
    func borders() throws {
        let values: [UInt32] = [
            0, 0x7F, 0x80, 0x7FF, 0x800, 0xFFF, 0x1000, 0xCFFF, 0xD000, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x3FFFF, 0x40000,
            0x10FFFF,
        ]
        var text = String.UnicodeScalarView()
        for value in values { text.append(try #require(Unicode.Scalar(value))) }
        #expect(throws: Never.self) { try source(String(text), .char) }
    }

    @Test("Validation agrees with the standard library for random bytes")
    func againstStandardLibrary() throws {
        var random = SeededGenerator(seed: 1)
        let interesting: [UInt8] = [0x41, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC2, 0xE0, 0xE2, 0xED, 0xEF, 0xF0, 0xF1, 0xF4]
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 1...6, using: &random)).map { _ in interesting.randomElement(using: &random) ?? 0 }
            let isValid = String(validating: bytes, as: UTF8.self) != nil
            #expect((textDataError { _ = try TextSource(name: "t", bytes: bytes, unit: .char) } == nil) == isValid, "\(bytes)")
        }
    }

    @Test("A sequence across the boundary of two pieces is valid")
    func pieceBorder() throws {
        for shift in 0..<4 {
            let text = String(repeating: "x", count: (1 << 18) - shift) + "😀" + String(repeating: "y", count: 50)
            #expect(throws: Never.self) { try source(text, .char) }
            let bad = Array(text.utf8) + [0xED, 0xA0, 0x80]
            #expect(
                textDataError { _ = try TextSource(name: "t", bytes: bad, unit: .char) }
                    == .invalidUTF8(source: "t", byteOffset: text.utf8.count, defect: .surrogate))
        }
    }
}
