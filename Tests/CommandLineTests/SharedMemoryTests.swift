import Foundation
import TestSupport
import Testing

@Suite("Shared memory of killed jobs")
struct SharedMemoryTests {
    private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../launch/shared-memory").standardizedFileURL.path

    private let scratch: ScratchFolder
    /// The names of segments: two of a killed job, one that is young, one that is mapped, one of another host, and one of another user.
    private let names: [String]

    init() throws {
        scratch = try ScratchFolder()
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, 255)
        let host =
            name.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }.split(separator: ".").first.map(String.init) ?? ""
        let job = "\(geteuid()).1a2b000"
        names = [
            "\(host).\(job)1.0", "\(host).\(job)1.1", "\(host).\(job)2.0", "\(host).\(job)3.0", "elsewhere.\(job)1.0",
            "\(host).99999.1a2b0001.0",
        ].map { "vader_segment.\($0)" }
        for (place, name) in names.enumerated() {
            try scratch.write("text", to: name)
            guard place != 2 else { continue }
            let path = scratch.folder.appendingPathComponent(name).path
            try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSinceNow: -3600)], ofItemAtPath: path)
        }
    }

    /// Runs `body` while the fourth segment is mapped, with the variable that names the folder of segments.
    private func whileMapped(_ body: ([String: String]) throws -> ProgramRun) throws -> ProgramRun {
        let file = open(scratch.folder.appendingPathComponent(names[3]).path, O_RDONLY)
        let memory = mmap(nil, 4, PROT_READ, MAP_SHARED, file, 0)
        defer { munmap(memory, 4) }
        close(file)
        return try body(["OMPI_MCA_btl_vader_backing_directory": scratch.folder.path])
    }

    private var note: String {
        "launch/train: removed 2 shared-memory file(s) of killed jobs from \(scratch.folder.path).\n"
    }

    private func expectRemoved(_ outcome: ProgramRun) throws {
        let left = try FileManager.default.contentsOfDirectory(atPath: scratch.folder.path).sorted()
        #expect(left == names.dropFirst(2).sorted(), "\(outcome)")
    }

    @Test("Only old segments of this host and user that no process has mapped are removed")
    func deadSegments() throws {
        let outcome = try whileMapped {
            try ProgramRun.run(
                URL(fileURLWithPath: "/bin/bash"), ["-euc", "source '\(Self.script)'; remove_dead_segments"], environment: $0,
                folder: nil, timeLimit: 20)
        }
        #expect(outcome.status == 0 && outcome.errors == note, "\(outcome)")
        try expectRemoved(outcome)
    }

    @Test("launch/train removes them before it starts the ranks, and trains")
    func launched() throws {
        let small = ["--hidden-size", "8", "--embedding-size", "8", "--batch-size", "4", "--bptt", "8", "--epochs", "1"]
        let texts = try TrainingFolder(options: small, lines: 30, validLines: 10)
        let outcome = try whileMapped {
            try ProcessRunner.run(
                ProcessRunner.source("launch/train"), ["-n", "2"] + texts.arguments(run: "run"),
                environment: $0.merging(["RNNTRAIN_PROGRAM": ProcessRunner.program]) { $1 })
        }
        #expect(outcome.status == 0 && outcome.errors.contains(note), "\(outcome)")
        try expectRemoved(outcome)
    }
}
