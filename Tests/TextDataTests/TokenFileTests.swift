import Digests
import Failures
import Files
import Foundation
import TestSupport
import TextData
import Testing

@Suite struct TokenFileTests {
    @Test(
        "Tokens of every width are read as they were written",
        arguments: [(2, 1), (256, 1), (257, 2), (65_536, 2), (65_537, 4), (Int(Int32.max), 4)])
    func roundTrip(vocabularySize: Int, width: Int) throws {
        let folder = try ScratchFolder()
        var random = SeededGenerator(seed: UInt64(vocabularySize))
        for (count, pieceSize) in [(0, 1), (1, 1), (1000, 7), (300_001, 1 << 20)] {
            let path = folder.file("tokens-\(count)")
            var tokens = (0..<count).map { _ in Int32.random(in: 0..<Int32(vocabularySize), using: &random) }
            if let last = tokens.indices.last { tokens[last] = Int32(vocabularySize - 1) }
            try writeTokens(tokens, path: path, vocabularySize: vocabularySize, pieceSize: pieceSize)

            let file = try TokenFile(path: path)
            try file.verify()
            #expect(try folder.read("tokens-\(count)").count == 64 + count * width)
            #expect(file.count == count && file.vocabularySize == vocabularySize)
            #expect(file.textDigest == 11 && file.vocabularyDigest == 22)
            #expect(copy(file, 0, count) == tokens)
            if count > 10 { #expect(copy(file, 3, 7) == Array(tokens[3..<10])) }
            for position in stride(from: 0, to: count, by: 997) { #expect(file.tokenID(at: position) == tokens[position]) }
        }
    }

    private func copy(_ file: TokenFile, _ start: Int, _ count: Int) -> [Int32] {
        [Int32](unsafeUninitializedCapacity: count) { buffer, initialized in
            file.copyTokens(from: start, into: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
            initialized = count
        }
    }

    @Test("The header has the documented bytes")
    func layout() throws {
        let folder = try ScratchFolder()
        try writeTokens([1, 258, 3], path: folder.file("t"), vocabularySize: 300)
        let bytes = try folder.read("t")
        #expect(Array(bytes[..<16]) == Array("rnntoken".utf8) + [1, 0, 0, 0, 2, 0, 0, 0])
        #expect(Array(bytes[16..<48]) == [3] + z(7) + [44, 1] + z(6) + [11] + z(7) + [22] + z(7))
        #expect(Array(bytes[64...]) == [1, 0, 2, 1, 3, 0])
        #expect(Array(bytes[48..<56]) == littleEndian(XXH3.digest(Array(bytes[64...]))))
        #expect(Array(bytes[56..<64]) == littleEndian(XXH3.digest(Array(bytes[..<56]))))
    }

    private func z(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

    private func littleEndian(_ value: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }

    @Test("A truncated file and one with an extra byte are refused")
    func truncations() throws {
        let folder = try ScratchFolder()
        try writeTokens([5, 6, 7, 8], path: folder.file("t"), vocabularySize: 300)
        let whole = try folder.read("t")
        for length in 0..<whole.count {
            let path = try folder.write(Array(whole[..<length]), to: "cut")
            let error = textDataError { _ = try TokenFile(path: path) }
            #expect(error?.exitStatus == .badData, "\(length) bytes")
        }
        let path = try folder.write(whole + [0], to: "long")
        #expect(
            textDataError { _ = try TokenFile(path: path) }
                == .badTokenFile(path: path, defect: .wrongSize(byteCount: 73, expected: 72)))
    }

    @Test("Opening detects each flipped bit of the header, and verify each flipped bit of the tokens")
    func flippedBits() throws {
        let folder = try ScratchFolder()
        try writeTokens([5, 6, 7, 8], path: folder.file("t"), vocabularySize: 300)
        let whole = try folder.read("t")
        for bit in 0..<(whole.count * 8) {
            var bytes = whole
            bytes[bit / 8] ^= 1 << (bit % 8)
            let path = try folder.write(bytes, to: "flipped")
            let error = textDataError {
                let file = try TokenFile(path: path)
                #expect(bit >= 64 * 8)
                try file.verify()
            }
            #expect(error?.exitStatus == .badData, "bit \(bit)")
        }
    }

    /// A header with a correct checksum and arbitrary fields.
    private func header(version: UInt8 = 1, width: UInt8, count: UInt64, size: UInt64, tokens: UInt64 = 0) -> [UInt8] {
        var bytes = Array("rnntoken".utf8) + [version, 0, 0, 0, width, 0, 0, 0]
        bytes += littleEndian(count) + littleEndian(size) + z(16) + littleEndian(tokens)
        return bytes + littleEndian(XXH3.digest(bytes))
    }

    @Test("A header with a correct checksum and invalid fields is refused")
    func impossibleHeaders() throws {
        let folder = try ScratchFolder()
        let cases: [([UInt8], TokenFileDefect)] = [
            (header(version: 2, width: 1, count: 0, size: 9), .wrongVersion(found: 2, expected: 1)),
            (header(width: 3, count: 0, size: 9), .wrongElementWidth(found: 3, vocabularySize: 9)),
            (header(width: 0, count: 0, size: 9), .wrongElementWidth(found: 0, vocabularySize: 9)),
            (header(width: 1, count: 0, size: 257), .wrongElementWidth(found: 1, vocabularySize: 257)),
            (header(width: 4, count: 0, size: .max), .wrongElementWidth(found: 4, vocabularySize: .max)),
            (header(width: 4, count: .max, size: 1 << 20), .impossibleTokenCount(.max)),
            (header(width: 4, count: 1 << 62, size: 1 << 20), .impossibleTokenCount(1 << 62)),
            (header(width: 4, count: 1 << 40, size: 1 << 20), .wrongSize(byteCount: 64, expected: 64 + 4 << 40)),
            (z(64), .wrongMagic),
        ]
        for (bytes, defect) in cases {
            let path = try folder.write(bytes, to: "t")
            let expected: TextDataError =
                if case .wrongSize(let found, _) = defect {
                    .badTokenFile(path: path, defect: .wrongSize(byteCount: found, expected: 64 + (4 << 40)))
                } else {
                    .badTokenFile(path: path, defect: defect)
                }
            #expect(textDataError { _ = try TokenFile(path: path) } == expected)
        }
    }

    @Test("verify detects a token outside the vocabulary although the checksum is correct", arguments: [300, -1] as [Int32])
    func outsideVocabulary(token: Int32) throws {
        let folder = try ScratchFolder()
        let path = folder.file("t")
        try writeTokens([1, 2, token, 299], path: path, vocabularySize: 300)
        #expect(throws: TextDataError.self) { try TokenFile(path: path).verify() }
        try writeTokens([1, 2, 299, 299], path: path, vocabularySize: 300)
        #expect(throws: Never.self) { try TokenFile(path: path).verify() }
    }

    @Test("Random bytes do not crash the reader", arguments: 0..<200)
    func randomBytes(seed: Int) throws {
        let folder = try ScratchFolder()
        var random = SeededGenerator(seed: UInt64(seed))
        var bytes = (0..<Int.random(in: 1...200, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        if seed % 2 == 0 { bytes = Array("rnntoken".utf8) + [1, 0, 0, 0] + bytes }
        let path = try folder.write(bytes, to: "t")
        #expect(textDataError { _ = try TokenFile(path: path) }?.exitStatus == .badData)
    }

    @Test("The file is written once, and again after a change of text or vocabulary or after damage")
    func staleness() throws {
        let folder = try ScratchFolder()
        let path = folder.file("train.tokens")
        let first = try source("a b\nb c\n", .word)
        let vocabulary = try Vocabulary(counting: first)
        #expect(!TokenFile.isCurrent(path: path, textDigest: first.digest, vocabulary: vocabulary))
        #expect(try TokenFile.prepare(path: path, source: first, vocabulary: vocabulary))
        #expect(try !TokenFile.prepare(path: path, source: first, vocabulary: vocabulary))
        #expect(try copy(TokenFile(path: path), 0, 6) == tokens(first, vocabulary))

        let second = try source("a b\nb c c\n", .word)
        #expect(!TokenFile.isCurrent(path: path, textDigest: second.digest, vocabulary: vocabulary))
        #expect(try TokenFile.prepare(path: path, source: second, vocabulary: vocabulary))
        let other = try Vocabulary(counting: second, limits: VocabularyLimits(size: 3))
        #expect(try TokenFile.prepare(path: path, source: second, vocabulary: other))
        _ = try folder.write(Array("rnntoken".utf8), to: "train.tokens")
        #expect(try TokenFile.prepare(path: path, source: second, vocabulary: other))
        #expect(try folder.names() == ["train.tokens"])
    }

    @Test("If the text cannot be encoded, no file remains")
    func failedEncoding() throws {
        let folder = try ScratchFolder()
        let vocabulary = try vocabulary("ab", .char)
        #expect(throws: TextDataError.self) {
            try TokenFile.prepare(path: folder.file("t"), source: source("abc", .char), vocabulary: vocabulary)
        }
        #expect(try folder.names().isEmpty)
    }

    @Test("After any failing call the error contains file and reason, and the old or the new file is complete")
    func everyCallFails() throws {
        let tokens = (0..<300_000).map { Int32($0 % 300) }
        var unheard = 0
        for call in 1...100 {
            let (folder, injector) = (try ScratchFolder(), FaultInjector(failingCall: call, .error(ENOSPC)))
            let path = folder.file("t")
            try writeTokens([1, 2, 3], path: path, vocabularySize: 300)
            let error = textDataError {
                try writeTokens(tokens, path: path, vocabularySize: 300, calls: injector.calls)
            }
            if !injector.hasFired {
                return #expect(call > 10 && unheard == 1, "a folder that cannot be closed is not reported")
            }
            if let error {
                #expect(error.exitStatus == .inputOutput, "call \(call)")
                #expect(error.description.hasPrefix(folder.path) && error.description.contains(": No space left on device. "))
            } else {
                unheard += 1
            }
            #expect(try folder.names() == ["t"], "call \(call)")
            let file = try TokenFile(path: path)
            try file.verify()
            #expect(file.count == 3 || file.count == tokens.count)
        }
        Issue.record("a token file takes more than 100 calls")
    }

    @Test("A missing folder is an error with the path")
    func noFolder() throws {
        let path = try ScratchFolder().file("none/t")
        #expect(
            textDataError { try writeTokens([1], path: path, vocabularySize: 300) }
                == .inputOutput(path: path, operation: "opening the folder", code: ENOENT))
    }

    @Test("A missing file is missing input, an empty file is bad data")
    func missingAndEmpty() throws {
        let folder = try ScratchFolder()
        let missing = textDataError { _ = try TokenFile(path: folder.file("none")) }
        #expect(missing == .file(.missing(path: folder.file("none"))))
        #expect(missing?.exitStatus == .inputMissing)
        let path = try folder.write([], to: "empty")
        let empty = textDataError { _ = try TokenFile(path: path) }
        #expect(empty == .emptyFile(path: path))
        #expect(empty?.exitStatus == .badData)
    }
}
