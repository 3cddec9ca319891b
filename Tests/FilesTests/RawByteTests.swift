import Failures
import TestSupport
import Testing

@Suite("Texts of any bytes")
struct RawByteTests {
    @Test("UTF-8 stays as it is, and each other byte is one scalar")
    func forms() {
        #expect(RawByte.text(of: Array("aé\u{1F600}".utf8)) == "aé\u{1F600}")
        #expect(RawByte.text(of: [0x61, 0xFF, 0xC3, 0x28]).unicodeScalars.map(\.value) == [0x61, 0x10F7FF, 0x10F7C3, 0x28])
        // A cut sequence, one that is too long, and a surrogate.
        for bytes in [[0xE2, 0x82], [0xC0, 0xAF], [0xED, 0xA0, 0x80]] as [[UInt8]] {
            #expect(RawByte.text(of: bytes).unicodeScalars.map { RawByte.byte(of: $0) } == bytes.map { $0 })
        }
    }

    @Test("The bytes come back, also those of a scalar that stands for a byte")
    func reversible() {
        var random = SeededRandom(state: 3)
        let stored = Array("\u{10F7FF}\u{10F780}".utf8)
        #expect(RawByte.text(of: stored).unicodeScalars.count == 8 && RawByte.bytes(of: RawByte.text(of: stored)) == stored)
        for _ in 0..<3000 {
            let bytes = (0..<Int.random(in: 0...12, using: &random)).map { _ in
                Bool.random(using: &random) ? stored.randomElement(using: &random)! : UInt8.random(in: 1...255, using: &random)
            }
            let text = RawByte.text(of: bytes)
            #expect(RawByte.bytes(of: text) == bytes)
            #expect(RawByte.withCString(text) { RawByte.text(cString: $0) } == text)
        }
    }

    @Test("A quotation shows the byte")
    func quoted() {
        #expect(Quotation.inFull(RawByte.text(of: [0x72, 0xFF, 0x80])) == #"r\xFF\x80"#)
    }
}
