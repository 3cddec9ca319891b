import Failures
import Files
import TestSupport
import Testing

@Suite("Names of files as texts")
struct FileNameTests {
    @Test(
        "A name in UTF-8 is its own text, and a byte of another name is one scalar",
        arguments: [
            ("größe \u{1F600}/\u{10FFFF}\u{F700}", Array("größe \u{1F600}/\u{10FFFF}\u{F700}".utf8)),
            ("r\u{10F7FF}", [0x72, 0xFF]), ("\u{10F7C3}", [0xC3]), ("\u{10F7C3}/\u{10F7A9}", [0xC3, 0x2F, 0xA9]),
            ("\u{10F7E2}\u{10F782}x", [0xE2, 0x82, 0x78]), ("\u{10F7ED}\u{10F7A0}\u{10F780}", [0xED, 0xA0, 0x80]),
            // U+10F7FF and U+10F780 themselves, and the scalars beside this range.
            ("\u{10F7F4}\u{10F78F}\u{10F79F}\u{10F7BF}", [0xF4, 0x8F, 0x9F, 0xBF]),
            ("\u{10F7F4}\u{10F78F}\u{10F79E}\u{10F780}a", [0xF4, 0x8F, 0x9E, 0x80, 0x61]),
            ("\u{10F77F}\u{10F800}", Array("\u{10F77F}\u{10F800}".utf8)), ("", []),
        ] as [(String, [UInt8])])
    func texts(text: String, bytes: [UInt8]) {
        #expect(RawByte.text(of: bytes).utf8.elementsEqual(text.utf8))
        #expect(RawByte.bytes(of: text) == bytes)
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

    @Test("Messages show a byte of a name, and leave a text as it is")
    func messages() {
        let name = RawByte.text(of: [0x72, 0xFF, 0xC3])
        #expect(
            Quotation.of(name) == "r\\xFF\\xC3" && Quotation.inFull(name) == "r\\xFF\\xC3" && "\(quoting: name)" == "r\\xFF\\xC3")
        #expect(Quotation.showingBytes(name + "\n") == "r\\xFF\\xC3\n")
        #expect(Quotation.of(name, as: .text) == name && Quotation.inFull(name, as: .text) == name)
        #expect(ShellText.quoted(name) == "$'r\\377\\303'")
    }

    @Test("Files and folders with names that are not UTF-8 are written, listed, renamed and removed")
    func files() throws {
        let scratch = try ScratchFolder()
        let path = joinPath(scratch.path, RawByte.text(of: [0x64, 0xFF]))
        let (first, second) = (RawByte.text(of: [0xC3]), RawByte.text(of: [0xA9, 0x66]))
        try makeFolders(joinPath(path, "inner"))
        #expect(try isFolder(path) && pathExists(path) && entryExists(path))
        #expect(try namesInFolder(scratch.path) == ["d\u{10F7FF}"])
        #expect(resolvedPath(path + "/inner/..").hasSuffix("/d\u{10F7FF}"))
        let folder = try HeldFolder(path: path)
        try DurableFile.write("text", to: folder.place(first))
        #expect(try folder.names() == ["inner", first] && fileSize(joinPath(path, first)) == 4)
        #expect(try ReadableFile.contents(of: joinPath(path, first), limit: 9) == Array("text".utf8))
        try folder.renameFile(first, to: second)
        #expect(try folder.names() == ["inner", second])
        #expect(freeSpace(forPath: joinPath(path, second)) != nil)
        try folder.removeFile(second)
        removeFolders([path, joinPath(path, "inner")])
        #expect(try namesInFolder(scratch.path) == [])
    }
}
