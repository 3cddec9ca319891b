import Failures
import Files
import Foundation
import TestSupport
import TextData
import Testing

@Suite("A file that changes while it is read")
struct ChangedFileTests {
    private static let vocabularySize = 300
    private let folder: ScratchFolder
    private let path: String
    private let reader: WindowReader

    init() throws {
        folder = try ScratchFolder()
        path = folder.file("t.tokens")
        try writeTokens((0..<20_000).map { Int32($0 % Self.vocabularySize) }, path: path, vocabularySize: Self.vocabularySize)
        reader = try Self.reader(path)
    }

    private static func reader(_ path: String) throws -> WindowReader {
        WindowReader(
            tokens: try TokenFile(path: path), layout: try StreamLayout(tokenCount: 20_000, streamCount: 2), streams: 0..<2,
            windowLength: 10)
    }

    /// The error of reading a window.
    private func fault(window: Int, of other: WindowReader? = nil) -> TextDataError? {
        let reader = other ?? reader
        var (inputs, targets) = ([Int32](repeating: 0, count: 20), [Int32](repeating: 0, count: 20))
        var mask = [Float](repeating: 0, count: 20)
        return inputs.withUnsafeMutableBufferPointer { inputs in
            targets.withUnsafeMutableBufferPointer { targets in
                mask.withUnsafeMutableBufferPointer { mask in
                    textDataError {
                        _ = try reader.fill(window: window, inputs: inputs, targets: targets, mask: mask)
                    }
                }
            }
        }
    }

    /// Overwrites the bytes at `offset`. With `keepsTime` it then restores the modification time, as copying programs do.
    private func overwrite(_ bytes: [UInt8], at offset: UInt64, of other: String? = nil, keepsTime: Bool = false) throws {
        let path = other ?? self.path
        var before = stat()
        #expect(stat(path, &before) == 0)
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        try file.seek(toOffset: offset)
        try file.write(contentsOf: bytes)
        try file.close()
        if keepsTime { #expect(utimensat(AT_FDCWD, path, [before.st_atim, before.st_mtim], 0) == 0) }
    }

    @Test("A token file with other tokens is reported as damaged in any window")
    func tokens() throws {
        #expect(fault(window: 0) == nil)
        try overwrite([7, 0], at: 64 + 2 * 15_000)
        guard case .badTokenFile(path, .damagedTokens) = fault(window: 1) else {
            Issue.record("\(String(describing: fault(window: 1)))")
            return
        }
    }

    @Test("A change is detected although the modification time was restored")
    func timeSetBack() throws {
        #expect(fault(window: 0) == nil)
        try overwrite([7, 0], at: 64 + 2 * 15_000, keepsTime: true)
        #expect(fault(window: 1)?.exitStatus == .badData)
    }

    @Test("A token file whose times alone changed remains valid")
    func times() throws {
        #expect(utimensat(AT_FDCWD, path, [timespec(tv_sec: 5, tv_nsec: 0), timespec(tv_sec: 5, tv_nsec: 0)], 0) == 0)
        #expect(fault(window: 0) == nil)
    }

    @Test("A token outside the vocabulary is an error that names the token", arguments: [5, 995])
    func outside(window: Int) throws {
        let position = 10_000 + 10 * window + 3
        try overwrite([0x2C, 0x01], at: UInt64(64 + 2 * position))
        // Simulates bits that the disk lost while the file was open: the reader knows this version of the file.
        let reader = try Self.reader(path)
        #expect(fault(window: window == 5 ? 6 : 5, of: reader) == nil)
        let error = fault(window: window, of: reader)
        let defect = TokenFileDefect.tokenOutsideVocabulary(position: position, token: 300, vocabularySize: 300)
        #expect(error == .badTokenFile(path: path, defect: defect) && error?.exitStatus == .badData)
    }

    @Test("A shortened token file is an error, whether its size or a missing page reveals it", arguments: [0, 20_000])
    func shortened(byteCount: Int) throws {
        #expect(truncate(path, off_t(byteCount)) == 0)
        let error = fault(window: 999)
        #expect(error == .file(.shortened(path: path, byteCount: byteCount, expected: 40_064)))
        let verified = textDataError { try reader.tokens.verify() }
        #expect(verified == error && error?.exitStatus == .badData)
    }

    @Test("A text that is shortened or changed during reading is refused")
    func text() throws {
        let path = try folder.write(String(repeating: "some words\n", count: 10_000), to: "text")
        let text = try OpenedText(path: path, unit: .word)
        let source = try TextSource(examining: text)
        let vocabulary = try Vocabulary(counting: source)
        try folder.write(String(repeating: "some wards\n", count: 10_000), to: "other")
        let other = try folder.read("other")
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        try file.write(contentsOf: other)
        #expect(textDataError { try vocabulary.encode(source) { _ in } } == .fileChanged(path: path))
        try file.truncate(atOffset: 5)
        let error = textDataError { _ = try text.examine(blocks: 0..<text.blockCount) }
        #expect(error == .file(.shortened(path: path, byteCount: 5, expected: 110_000)))
    }

    @Test(
        "Other permissions or another name of a text that was examined are no change; other bytes with the old modification time are one"
    )
    func statusOfText() throws {
        let path = try folder.write(String(repeating: "some words\n", count: 10_000), to: "text")
        let source = try TextSource(path: path, unit: .word)
        let vocabulary = try Vocabulary(counting: source)
        usleep(20_000)  // longer than a tick of the file system's clock
        #expect(chmod(path, 0o600) == 0)
        #expect(textDataError { try vocabulary.encode(source) { _ in } } == nil)
        usleep(20_000)
        #expect(link(path, folder.file("backup")) == 0)
        #expect(textDataError { try vocabulary.encode(source) { _ in } } == nil)
        usleep(20_000)
        try overwrite(Array("a".utf8), at: 6, of: path, keepsTime: true)
        #expect(textDataError { try vocabulary.encode(source) { _ in } } == .fileChanged(path: path))
    }

    @Test(
        "The status of a text may change before and between the readings of its blocks; its content may not",
        arguments: [false, true])
    func statusBeforeDigests(isAltered: Bool) throws {
        let path = try folder.write(String(repeating: "some words\n", count: 1000), to: "text")
        let text = try OpenedText(path: path, unit: .word, blockByteCount: 4096)
        usleep(20_000)  // longer than a tick of the file system's clock
        #expect(chmod(path, 0o600) == 0)
        #expect(textDataError { _ = try text.examine(blocks: 0..<1) } == nil)
        usleep(20_000)
        if isAltered {
            try overwrite(Array("a".utf8), at: 6, of: path, keepsTime: true)
        } else {
            #expect(link(path, folder.file("backup")) == 0)
        }
        #expect(textDataError { _ = try text.examine(blocks: 1..<2) } == (isAltered ? .fileChanged(path: path) : nil))
    }

    @Test("Counting a long line reports progress, and ends if that throws")
    func progressInLine() throws {
        let path = try folder.write(String(repeating: "ab", count: 10_000), to: "line")
        let text = try OpenedText(path: path, unit: .regex)
        let counts = SymbolCounts(try Tokenizer(pattern: "."))
        var calls = 0
        counts.reportProgress = { () throws(TextDataError) in
            calls += 1
            if calls == 3 { throw .inputOutput(path: path, operation: "read", code: EINTR) }
        }
        let error = textDataError { _ = try text.examine(blocks: 0..<text.blockCount, counting: counts) }
        #expect(error == .inputOutput(path: path, operation: "read", code: EINTR) && calls == 3)
    }

    @Test("A part of a file that ends beyond the file is refused")
    func partBeyondEnd() throws {
        let path = try folder.write("a b\nc d\n", to: "text")
        let error = textDataError { _ = try OpenedText(path: path, part: 4..<9, unit: .word, blockByteCount: 100) }
        #expect(error == .file(.shortened(path: path, byteCount: 8, expected: 9)))
        #expect(textDataError { _ = try OpenedText(path: path, part: 4..<8, unit: .word, blockByteCount: 100) } == nil)
    }
}
