import Digests
import Foundation
import TestSupport
import TextData
import Testing

@Suite("Texts divided into blocks") struct TextBlockTests {
    /// Difficult cases at block boundaries: scalars of all lengths, CR LF, whitespace of two and three bytes, long and empty lines.
    static let texts: [String] = [
        "a", "a\n", "\n\n\n", "\r\n\r\n\r\n\r\r\n", "\u{FEFF}", "\u{FEFF}b\r\n", "ab cd\r\nef\r\n\r\n gh",
        "größe päivä 语言 😀😀 a\u{A0}b\u{2003}c\u{3000}d\u{85}e\n\u{3000}\n",
        String(repeating: "x", count: 300) + " y\n" + String(repeating: "😀", count: 50) + "\n",
        (0..<60).map { "w\($0 * 7 % 11) é\($0 % 5)\($0 % 7 == 0 ? "\r\n" : $0 % 11 == 0 ? "\n\n" : " ")" }.joined(),
        "the end has blanks \u{3000} ", String(repeating: "z", count: 100),
    ]

    private static let partCounts = [1, 2, 3, 5, 8]

    private static func parts(_ blockCount: Int, _ count: Int) -> [Range<Int>] {
        (0..<count).map { ($0 * blockCount / count)..<(($0 + 1) * blockCount / count) }
    }

    private static func opened(_ bytes: [UInt8], _ unit: TokenUnit, _ blockByteCount: Int) -> OpenedText {
        OpenedText(name: "t", bytes: bytes, unit: unit, blockByteCount: blockByteCount)
    }

    @Test("Counts, their order, and tokens are independent of the number of parts", arguments: texts)
    func sameAtAnyCount(text: String) throws {
        for unit in plainUnits {
            let bytes = Array(text.utf8)
            let whole = SymbolCounts(unit: unit)
            let source = try TextSource(examining: OpenedText(name: "t", bytes: bytes, unit: unit), counting: whole)
            let records = whole.records()
            let vocabulary = try? whole.vocabulary(VocabularyLimits(), source: "t")
            let expected = try vocabulary.map { try tokens(source, $0) }
            for blockByteCount in [1, 2, 3, 7, 16, 61] {
                let text = Self.opened(bytes, unit, blockByteCount)
                for parts in Self.partCounts.map({ Self.parts(text.blockCount, $0) }) {
                    #expect(try Self.records(text, parts) == records, "\(unit), blocks of \(blockByteCount), \(parts)")
                    let found = try vocabulary.map { try Self.encoded(text, $0, parts) }
                    #expect(found == expected, "\(unit), blocks of \(blockByteCount), \(parts)")
                }
            }
        }
    }

    /// The counts of each part, added in order.
    private static func records(_ text: OpenedText, _ parts: [Range<Int>]) throws -> [UInt8] {
        let sum = SymbolCounts(unit: text.unit)
        for part in parts {
            let counts = SymbolCounts(unit: text.unit)
            _ = try text.examine(blocks: part, counting: counts)
            sum.add(records: counts.records())
        }
        return sum.records()
    }

    private static func encoded(_ text: OpenedText, _ vocabulary: Vocabulary, _ parts: [Range<Int>]) throws -> [Int32] {
        var all: [Int32] = []
        for part in parts { try vocabulary.encode(text, blocks: part) { all.append(contentsOf: $0) } }
        return all
    }

    @Test("The first fault is independent of the number of parts", arguments: 0..<60)
    func sameFault(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        var bytes = Array((TokenisingTests.text(&random, lines: 8) + "z").utf8)
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0x80...0xFF, using: &random)
        }
        let whole = textDataError { _ = try TextSource(name: "t", bytes: bytes, unit: .word) }
        for unit in [TokenUnit.word, .char] {
            for blockByteCount in [1, 2, 5, 16] {
                let text = Self.opened(bytes, unit, blockByteCount)
                for parts in Self.partCounts.map({ Self.parts(text.blockCount, $0) }) {
                    let faults = parts.map { part in textDataError { _ = try text.examine(blocks: part) } }
                    #expect(faults.compactMap { $0 }.first == whole, "blocks of \(blockByteCount), \(parts)")
                }
                guard let offset = whole?.byteOffset else { continue }
                #expect(textDataError { _ = try text.examine(blocks: text.blocks(around: offset)) } == whole)
            }
        }
    }

    @Test("The first unknown character is independent of the number of parts")
    func sameUnknownCharacter() throws {
        let vocabulary = try vocabulary("ab \n", .char)
        let bytes = Array("ab\nab é a\r\nb € ab".utf8)
        let expected = TextDataError.unknownCharacter(source: "t", byteOffset: 6, scalar: "é")
        for blockByteCount in 1...9 {
            let text = Self.opened(bytes, .char, blockByteCount)
            for parts in Self.partCounts.map({ Self.parts(text.blockCount, $0) }) {
                let faults = parts.map { part in textDataError { try vocabulary.encode(text, blocks: part) { _ in } } }
                #expect(faults.compactMap { $0 }.first == expected)
            }
            #expect(textDataError { try vocabulary.encode(text, blocks: text.blocks(around: 6)) { _ in } } == expected)
        }
    }

    @Test("A place without a match is found again from its offset alone, although its line begins many blocks before")
    func sameNoMatch() throws {
        let tokenizer = try Tokenizer(pattern: "[a-c]")
        let vocabulary = try Vocabulary(counting: source("abc\nabc\n", .regex), tokenizer: tokenizer)
        let bytes = Array(("ab\n" + String(repeating: "abc", count: 30) + "%ab\nc\n").utf8)
        let whole = TextDataError.noMatch(source: "t", byteOffset: 93, scalar: "%", pattern: "[a-c]")
        for blockByteCount in [1, 2, 7, 16, 40, 200] {
            let text = Self.opened(bytes, .regex, blockByteCount)
            #expect(textDataError { try vocabulary.encode(text, blocks: 0..<text.blockCount) { _ in } } == whole)
            #expect(
                textDataError { try vocabulary.encode(text, blocks: text.blocks(around: 93)) { _ in } } == whole,
                "\(blockByteCount)")
        }
    }

    @Test("The digest is that of the only block, or of the digests of all blocks")
    func digests() throws {
        let bytes = Array("0123456789abcdef!".utf8)
        #expect(try TextSource(name: "t", bytes: bytes, unit: .char).digest == XXH3.digest(bytes))
        let blocks = [XXH3.digest(Array(bytes[..<16])), XXH3.digest(Array(bytes[16...]))]
        let source = try TextSource(examining: Self.opened(bytes, .char, 16))
        let joined = blocks.flatMap { digest in (0..<8).map { UInt8(truncatingIfNeeded: digest >> (8 * $0)) } }
        #expect(source.digest == XXH3.digest(joined))
    }

    @Test("A vocabulary can be sent to another process", arguments: plainUnits)
    func vocabularyRecords(unit: TokenUnit) throws {
        let vocabulary = try vocabulary("b a b é <unk>\n", unit)
        let again = Vocabulary(unit: unit, records: vocabulary.records())
        #expect(again == vocabulary && again.unknownID == vocabulary.unknownID && again.endOfLineID == vocabulary.endOfLineID)
    }

    @Test("Words of every length that differ in one byte are distinct, also at the end of the memory")
    func similarWords() throws {
        var words: [String] = []
        for length in 1...40 {
            let base = String(repeating: "a", count: length)
            words.append(base)
            for place in 0..<length { words.append(String(base.prefix(place)) + "b" + String(base.dropFirst(place + 1))) }
            words.append(base + "\u{0}")
        }
        let distinct = Array(NSOrderedSet(array: words)).compactMap { $0 as? String }
        let vocabulary = try vocabulary(words.joined(separator: " "), .word)
        #expect(vocabulary.size == distinct.count + 2)
        #expect(vocabulary.decode(try vocabulary.encode(words.joined(separator: " "))) == words.joined(separator: " "))
    }
}

@Suite struct FileStampTests {
    @Test("A stamp differs for a copy, and after a change that keeps size and modification time")
    func changes() throws {
        let folder = try ScratchFolder()
        let path = try folder.write([1, 2, 3], to: "a")
        let stamp = try #require(FileStamp(path: path))
        #expect(stamp == FileStamp(path: path) && stamp.byteCount == 3 && !stamp.isSettled)
        #expect(FileStamp(path: folder.file("none")) == nil)
        try FileManager.default.copyItem(atPath: path, toPath: folder.file("b"))
        #expect(FileStamp(path: folder.file("b")) != stamp)
        usleep(20_000)  // longer than a tick of the file system's clock
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try file.write(contentsOf: Data([3, 2, 1]))
        try file.close()
        let modified = timespec(tv_sec: Int(stamp.modified / 1_000_000_000), tv_nsec: Int(stamp.modified % 1_000_000_000))
        #expect(utimensat(AT_FDCWD, path, [modified, modified], 0) == 0)
        let changed = try #require(FileStamp(path: path))
        #expect(changed != stamp && changed.modified == stamp.modified && changed.byteCount == stamp.byteCount)
    }

    @Test("A file counts as settled two seconds after its last change")
    func settled() throws {
        let folder = try ScratchFolder()
        let path = try folder.write([1], to: "a")
        usleep(2_050_000)
        #expect(FileStamp(path: path)?.isSettled == true)
    }
}
