import Files
import Foundation
import TestSupport
import Testing

@Suite("A folder that is held open")
struct HeldFolderTests {
    private let scratch: ScratchFolder
    private let folder: HeldFolder

    init() throws {
        scratch = try ScratchFolder()
        try scratch.write("old", to: "run/f")
        folder = try HeldFolder(path: scratch.file("run"))
    }

    private func move() throws { try FileManager.default.moveItem(atPath: scratch.file("run"), toPath: scratch.file("moved")) }

    private func text(_ name: String) throws -> String { String(decoding: try scratch.read(name), as: UTF8.self) }

    /// All operations that write into a folder. `inside` is an inner folder and `lines` a log, both already open.
    private func writes(_ inside: HeldFolder) -> [(String, () throws -> Void)] {
        let folder = folder
        return [
            ("a file", { try DurableFile.write("new", to: folder.place("f")) }),
            ("a new file", { try DurableFile.write("new", to: folder.place("g")) }),
            ("a file inside", { try DurableFile.write("new", to: inside.place("g")) }),
            ("lines", { _ = try AppendedLines(at: folder.place("log")) }),
            ("a folder", { _ = try folder.madeFolder("other") }),
            ("a removal", { try folder.removeFile("f") }),
        ]
    }

    @Test("Writes succeed while the path refers to the folder, also through links")
    func unchanged() throws {
        try FileManager.default.createSymbolicLink(atPath: scratch.file("link"), withDestinationPath: "run")
        let linked = try HeldFolder(path: scratch.file("link"))
        try DurableFile.write("new", to: linked.place("f"))
        try DurableFile.write("new", to: linked.madeFolder("in").place("g"))
        #expect(try text("run/f") == "new" && text("run/in/g") == "new")
        #expect(try linked.names() == ["f", "in"] && linked.folder("in")?.names() == ["g"] && linked.folder("none") == nil)
    }

    @Test("Writes fail after the folder was moved, and the error contains its new path", arguments: [false, true])
    func moved(replaced: Bool) throws {
        let inside = try folder.madeFolder("in")
        try move()
        if replaced { try scratch.write("another's", to: "run/f") }
        let before = try scratch.names()
        for (what, write) in writes(inside) {
            #expect(throws: FileError.folderGone(path: folder.path, now: scratch.file("moved")), "\(what)") { try write() }
        }
        #expect(try scratch.names() == before && text("moved/f") == "old")
        if replaced { #expect(try text("run/f") == "another's") }
        let error = FileError.folderGone(path: "r", now: "/m")
        #expect(error.description.contains("It has no checkpoint yet: repeat the command with --run /m and without --resume."))
        #expect(error.exitStatus == .inputOutput)
        try FileManager.default.createDirectory(atPath: scratch.file("m/checkpoints"), withIntermediateDirectories: true)
        try scratch.write("", to: "m/checkpoints/step-00000000.safetensors")
        #expect(FileError.folderGone(path: "r", now: scratch.file("m")).description.hasSuffix("/m --resume."))
    }

    @Test("A removed folder is not created again")
    func removed() throws {
        let inside = try folder.madeFolder("in")
        try FileManager.default.removeItem(atPath: scratch.file("run"))
        for (what, write) in writes(inside) {
            #expect(throws: FileError.folderGone(path: folder.path, now: nil), "\(what)") { try write() }
        }
        #expect(try scratch.names() == [])
    }

    @Test("A move during a write keeps the old file and leaves no temporary file")
    func movedWhileWriting() throws {
        var lines = try AppendedLines(at: folder.place("log"))
        try lines.append("one")
        #expect(throws: FileError.folderGone(path: folder.path, now: scratch.file("moved"))) {
            try replace("f") {
                try move()
                try scratch.write("another's", to: "run/log")
            }
        }
        let error = caughtFileError { () throws(FileError) in try lines.append("two") }
        #expect(error == .folderGone(path: folder.path, now: scratch.file("moved")))
        #expect(try scratch.names() == ["moved", "moved/f", "moved/log", "run", "run/log"])
        #expect(try text("moved/f") == "old" && text("moved/log") == "one\n" && text("run/log") == "another's")
    }

    private func replace(_ name: String, meanwhile: () throws -> Void) throws {
        let file = try DurableFile(at: folder.place(name))
        try file.write([1])
        try meanwhile()
        try file.commit()
    }

    @Test("Writes fail after a pinned file was removed or replaced", arguments: [false, true])
    func pinned(replaced: Bool) throws {
        try scratch.write("mine", to: "run/lock")
        folder.pin("lock", try #require(try folder.status(of: "lock")).identity)
        let inside = try folder.madeFolder("in")
        try DurableFile.write("new", to: inside.place("g"))
        if replaced {
            try DurableFile.write("another's", to: scratch.file("run/lock"))
        } else {
            try FileManager.default.removeItem(atPath: scratch.file("run/lock"))
        }
        for (what, write) in writes(inside) {
            #expect(throws: FileError.pinnedFileGone(path: scratch.file("run/lock")), "\(what)") { try write() }
        }
        folder.unpin("lock")
        for (_, write) in writes(inside) { try write() }
    }

    @Test("Entries other than regular files are not overwritten", arguments: [EntryKind.link, .folder, .pipe, .socket])
    func otherKinds(kind: EntryKind) throws {
        try scratch.write("target", to: "target")
        try make(kind, "run/x")
        let error = FileError.inTheWay(path: scratch.file("run/x"), found: kind, expected: .file)
        #expect(throws: error) { try DurableFile.write("new", to: folder.place("x")) }
        #expect(throws: error) { _ = try AppendedLines(at: folder.place("x")) }
        #expect(throws: error) { try folder.removeFile("x") }
        #expect(try folder.status(of: "x")?.kind == kind && text("target") == "target")
        guard kind != .folder else { return }
        let other = FileError.inTheWay(path: scratch.file("run/x"), found: kind, expected: .folder)
        #expect(throws: other) { _ = try folder.madeFolder("x") }
    }

    @Test("A link to a folder is refused")
    func linkedFolder() throws {
        try scratch.write("mine", to: "elsewhere/f")
        try FileManager.default.createSymbolicLink(atPath: scratch.file("run/data"), withDestinationPath: "../elsewhere")
        let error = FileError.inTheWay(path: scratch.file("run/data"), found: .link, expected: .folder)
        #expect(throws: error) { _ = try folder.madeFolder("data") }
        #expect(try scratch.names() == ["elsewhere", "elsewhere/f", "run", "run/data", "run/f"])
    }

    private func make(_ kind: EntryKind, _ name: String) throws {
        let path = scratch.file(name)
        switch kind {
        case .link: try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "../target")
        case .folder: try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        case .pipe: #expect(mkfifo(path, 0o600) == 0)
        default: #expect(mknod(path, S_IFSOCK | 0o600, 0) == 0)
        }
    }

    @Test("A file with hard links is replaced under one name, and refused for appending")
    func hardLinks() throws {
        for name in ["f", "log"] {
            try scratch.write("old\n", to: "run/\(name)")
            try FileManager.default.linkItem(atPath: scratch.file("run/\(name)"), toPath: scratch.file("other \(name)"))
        }
        try DurableFile.write("new", to: folder.place("f"))
        #expect(try text("run/f") == "new" && text("other f") == "old\n")
        #expect(throws: FileError.hasOtherNames(path: scratch.file("run/log"), count: 2)) {
            _ = try AppendedLines(at: folder.place("log"))
        }
        #expect(try text("other log") == "old\n")
    }

    @Test("A log continues in the current file after it was removed or replaced")
    func replacedLog() throws {
        var lines = try AppendedLines(at: folder.place("log"))
        try lines.append("one")
        try FileManager.default.removeItem(atPath: scratch.file("run/log"))
        try lines.append("two")
        #expect(try text("run/log") == "two\n" && lines.replacementCount == 1)
        try DurableFile.write("edited\nhal", to: scratch.file("run/log"))
        try lines.append("three")
        #expect(try text("run/log") == "edited\nthree\n" && lines.replacementCount == 2)
    }

    @Test(
        "Names of temporary files are recognised",
        arguments: [
            (".f.12-9af.partial", "f"), (".a.b.1-2.partial", "a.b"), (".f.partial", nil), ("f.1-2.partial", nil),
            (".f.1-x.partial", nil), (".f.1.partial", nil), ("..1-2.partial", nil), (".f.1-2-3.partial", nil),
            (".f.-1-2.partial", nil),
        ] as [(String, String?)])
    func temporaryNames(name: String, final: String?) {
        #expect(DurableFile.finalName(ofTemporary: name) == final)
    }

    @Test("A relative path starts at the working folder", arguments: ["f", "./f", ".//f", "a/../f"])
    func absolutePaths(path: String) {
        let end = path.hasPrefix(".") ? "f" : path
        #expect(
            absolutePath(path) == joinPath(FileManager.default.currentDirectoryPath, end) && absolutePath("/a/./b") == "/a/./b")
    }
}
