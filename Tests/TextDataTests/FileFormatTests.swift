import Failures
import Foundation
import TestSupport
import TextData
import Testing

@Suite("Files that are not plain text")
struct FileFormatTests {
    private static let text = String(repeating: "some words in a line\n", count: 100)

    /// The error of examining a file of these bytes, and the NUL characters found.
    private func examine(_ bytes: [UInt8], _ unit: TokenUnit = .word) -> (error: TextDataError?, nul: NulCharacters?) {
        let text = OpenedText(name: "x", bytes: bytes, unit: unit)
        let error = textDataError { _ = try text.examine(blocks: 0..<text.blockCount) }
        return (error, text.nulCharacters)
    }

    private func encoded(_ encoding: String.Encoding) -> [UInt8] {
        Array(Self.text.data(using: encoding) ?? Data())
    }

    @Test(
        "The first bytes identify the format, and the error says what to do",
        arguments: [
            ([0x1F, 0x8B, 8, 0], "gzip", "gunzip"), ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], "xz", "unxz"),
            ([0x50, 0x4B, 3, 4, 20], "zip", "unzip"), (Array("BZh91AY&SY".utf8) + [0xFF], "bzip2", "bunzip2"),
            ([0x28, 0xB5, 0x2F, 0xFD], "zstd", "unzstd"), (Array("%PDF-1.7\n%".utf8) + [0xE2, 0xE3], "PDF", "pdftotext"),
            ([0xFF, 0xFE, 0x61, 0], "UTF-16", "iconv -f UTF-16 -t UTF-8"), ([0xFE, 0xFF, 0, 0x61], "UTF-16", "iconv -f UTF-16"),
            ([0xFF, 0xFE, 0, 0, 0x61, 0, 0, 0], "UTF-32", "iconv -f UTF-32"), ([0, 0, 0xFE, 0xFF], "UTF-32", "iconv -f UTF-32"),
        ] as [([UInt8], String, String)])
    func formats(bytes: [UInt8], name: String, advice: String) {
        for unit in [TokenUnit.word, .char] {
            let error = examine(bytes + Array(Self.text.utf8), unit).error
            #expect(error?.exitStatus == .badData && "\(error!)".contains("x: this is \(name), not plain text"), "\(error!)")
            #expect("\(error!)".contains(advice), "\(error!)")
        }
        let asBytes = examine(bytes, .byte)
        #expect(asBytes.error == nil && asBytes.nul == nil)
    }

    @Test("A file that begins like bzip2 or PDF and is valid UTF-8 is a text")
    func texts() {
        for start in ["BZh", "%PDF-1.4", ""] { #expect(examine(Array((start + Self.text).utf8)).error == nil) }
    }

    @Test(
        "UTF-16 and UTF-32 without a byte-order mark are detected",
        arguments: [
            (String.Encoding.utf16LittleEndian, "UTF-16LE"), (.utf16BigEndian, "UTF-16BE"), (.utf32LittleEndian, "UTF-32LE"),
            (.utf32BigEndian, "UTF-32BE"),
        ])
    func wide(encoding: String.Encoding, name: String) {
        let found = examine(encoded(encoding))
        #expect(found.error == nil && found.nul?.encoding == name)
        #expect(found.nul?.notice(source: "x").contains("iconv -f \(name) -t UTF-8") == true)
    }

    @Test("A NUL character in a text is reported with its offset, also after the first block")
    func nul() {
        var bytes = [UInt8](repeating: 0x61, count: 3 << 20)
        #expect(examine(bytes).nul == nil)
        bytes[2_500_001] = 0
        bytes[2_600_000] = 0
        #expect(examine(bytes).nul?.byteOffset == 2_500_001 && examine(bytes).nul?.encoding == nil)
    }
}
