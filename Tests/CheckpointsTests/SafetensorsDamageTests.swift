import Checkpoints
import Failures
import Foundation
import TestSupport
import Testing

@Suite("Damaged checkpoint files are refused")
struct SafetensorsDamageTests {
    private func smallFile(_ folder: ScratchFolder) throws -> [UInt8] {
        try Arrays.small(1.5).write(to: folder.file("good"), ["step": "12"])
        return try folder.read("good")
    }

    private func expectDamaged(_ path: String, _ what: String) {
        do {
            _ = try SafetensorsReader(path: path)
            Issue.record("\(what) was not detected")
        } catch {
            guard case .damaged(path, _) = error, error.exitStatus == .badData else {
                Issue.record("\(what): \(error)")
                return
            }
        }
    }

    @Test("Every truncation is detected")
    func truncations() throws {
        let folder = try ScratchFolder()
        let bytes = try smallFile(folder)
        for count in 0..<bytes.count {
            expectDamaged(try folder.write(Array(bytes.prefix(count)), to: "bad"), "the truncation to \(count) bytes")
        }
    }

    @Test("Every appended byte is detected", arguments: [1, 7, 8, 4096])
    func appended(count: Int) throws {
        let folder = try ScratchFolder()
        let bytes = try smallFile(folder) + [UInt8](repeating: 0, count: count)
        expectDamaged(try folder.write(bytes, to: "bad"), "\(count) more bytes")
    }

    @Test("Every altered byte is detected", arguments: [UInt8(0x01), 0x20, 0x80, 0xff])
    func alteredBytes(mask: UInt8) throws {
        let folder = try ScratchFolder()
        var bytes = try smallFile(folder)
        for index in bytes.indices {
            bytes[index] ^= mask
            expectDamaged(try folder.write(bytes, to: "bad"), "byte \(index) altered by \(mask)")
            bytes[index] ^= mask
        }
    }

    @Test("Pages of zeros, as after a lost write, are detected")
    func zeros() throws {
        let folder = try ScratchFolder()
        let arrays = Arrays()
        arrays.add("weight", [4096], (0..<4096).map { Float($0) })
        try arrays.write(to: folder.file("good"))
        var bytes = try folder.read("good")
        bytes.replaceSubrange(8192..<12288, with: repeatElement(0, count: 4096))
        expectDamaged(try folder.write(bytes, to: "bad"), "a page of zeros")
    }

    @Test("A sealed header must have a checksum for every array and for no other")
    func checksumsOfAllArrays() throws {
        let folder = try ScratchFolder()
        let array = #""a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}"#
        let none = Foreign.sealed(#"{"__metadata__":{\#(HeaderSeal.blankPair)},\#(array)}"#)
        let stray = Foreign.sealed(#"{"__metadata__":{\#(HeaderSeal.blankPair),"xxh3.b":"0"}}"#)
        for (bytes, damage) in [(none, CheckpointDamage.noChecksum(array: "a")), (stray, .strayChecksum(array: "xxh3.b"))] {
            let path = try folder.write(bytes, to: "bad")
            #expect(throws: CheckpointError.damaged(path: path, damage)) { try SafetensorsReader(path: path) }
        }
    }

    @Test("A missing file, a folder and a named pipe are distinguished from damage")
    func otherThings() throws {
        let folder = try ScratchFolder()
        let (missing, pipe) = (folder.file("missing"), folder.file("pipe"))
        #expect(throws: CheckpointError.missing(path: missing)) { try SafetensorsReader(path: missing) }
        #expect(CheckpointError.missing(path: missing).exitStatus == .inputMissing)
        #expect(throws: CheckpointError.notAFile(path: folder.path)) { try SafetensorsReader(path: folder.path) }
        #expect(mkfifo(pipe, 0o600) == 0)
        #expect(throws: CheckpointError.notAFile(path: pipe)) { try SafetensorsReader(path: pipe) }
    }
}
