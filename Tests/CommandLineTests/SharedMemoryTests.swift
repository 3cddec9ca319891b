import Foundation
import TestSupport
import Testing

@Suite("Shared memory of killed jobs")
struct SharedMemoryTests {
    private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../launch/shared-memory").standardizedFileURL.path

    @Test("Only old segments of this host and user that no process has mapped are removed")
    func deadSegments() throws {
        let scratch = try ScratchFolder()
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, 255)
        let host =
            name.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }.split(separator: ".").first.map(String.init) ?? ""
        let (dead, young, mapped) = (
            "\(host).\(geteuid()).1a2b0001", "\(host).\(geteuid()).1a2b0002", "\(host).\(geteuid()).1a2b0003"
        )
        let names = [
            "\(dead).0", "\(dead).1", "\(young).0", "\(mapped).0", "elsewhere.\(geteuid()).1a2b0001.0",
            "\(host).99999.1a2b0001.0",
        ]
        for name in names { try scratch.write("text", to: "vader_segment.\(name)") }
        for name in names where name != "\(young).0" {
            let path = scratch.folder.appendingPathComponent("vader_segment.\(name)").path
            try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSinceNow: -3600)], ofItemAtPath: path)
        }
        let file = open(scratch.folder.appendingPathComponent("vader_segment.\(mapped).0").path, O_RDONLY)
        let memory = mmap(nil, 4, PROT_READ, MAP_SHARED, file, 0)
        defer { munmap(memory, 4) }
        close(file)
        let outcome = try ProgramRun.run(
            URL(fileURLWithPath: "/bin/bash"), ["-euc", "source '\(Self.script)'; remove_dead_segments"],
            environment: ["OMPI_MCA_btl_vader_backing_directory": scratch.folder.path], folder: nil, timeLimit: 20)
        let note = "launch/train: removed 2 shared-memory file(s) of killed jobs from \(scratch.folder.path).\n"
        #expect(outcome.status == 0 && outcome.errors == note, "\(outcome)")
        let left = try FileManager.default.contentsOfDirectory(atPath: scratch.folder.path).sorted()
        #expect(left == names.dropFirst(2).map { "vader_segment.\($0)" }.sorted(), "\(outcome)")
    }
}
