import Files
import Foundation
import TestSupport
import Testing
import Training

@Suite("The TensorBoard event file of a run")
struct TensorBoardLogTests {
    private let folder: ScratchFolder
    private static let name = "events.out.tfevents.rnntrain"

    init() throws { folder = try ScratchFolder() }

    /// Logs these events and steps as one job. `beforeLast` runs before the last of them.
    private func log(_ lines: [(event: String, step: Int)], beforeLast: () throws -> Void = {}) throws {
        let log = try opened()
        for (index, line) in lines.enumerated() {
            if index == lines.count - 1 { try beforeLast() }
            try write(line.event, line.step, to: log)
        }
        try log.finish()
    }

    private func opened() throws -> MetricsLog {
        let log = try MetricsLog(path: folder.file("metrics.jsonl"))
        log.events = try TensorBoardLog(at: FilePlace(path: folder.file(Self.name)), clock: { 1 })
        return log
    }

    private func write(_ event: String, _ step: Int, to log: MetricsLog) throws {
        try log.write(event, [("step", .integer(step)), ("loss", .number(0.5))])
    }

    /// The records of a file, each in some words.
    private func records(_ name: String = Self.name) throws -> [String] {
        try EventFile(folder.read(name)).events.map { event in
            event.version ?? (event.isStart ? "start \(event.step)" : "point \(event.step)")
        }
    }

    @Test("A run that starts again marks its first step, so that readers discard the earlier points")
    func startsAgain() throws {
        try log([("start", 0), ("step", 10)])
        #expect(try records() == ["brain.Event:2", "point 10"])
        try log([("start", 0), ("step", 10)])
        #expect(try records() == ["brain.Event:2", "point 10", "start 1", "start 1", "point 10"])
    }

    @Test("A file that is removed or emptied while a job trains begins again with the version", arguments: [true, false])
    func beginsAgain(isRemoved: Bool) throws {
        let path = folder.file(Self.name)
        try log([("start", 0), ("step", 10), ("step", 20)]) { #expect((isRemoved ? unlink(path) : truncate(path, 0)) == 0) }
        #expect(try records() == ["brain.Event:2", "point 20"])
    }

    @Test(
        "A folder or a link in the way of the file does not end the job, and the records are written when it is gone",
        arguments: [true, false], [true, false])
    func inTheWay(isFolder: Bool, isGone: Bool) throws {
        let (path, files) = (folder.file(Self.name), FileManager.default)
        let log = try opened()
        try write("start", 0, to: log)
        try write("step", 10, to: log)
        try files.moveItem(atPath: path, toPath: folder.file("moved"))
        if isFolder {
            try files.createDirectory(atPath: path, withIntermediateDirectories: false)
        } else {
            try files.createSymbolicLink(atPath: path, withDestinationPath: "nowhere")
        }
        try write("step", 20, to: log)
        if isGone {
            try files.removeItem(atPath: path)
            try files.moveItem(atPath: folder.file("moved"), toPath: path)
        }
        try log.finish()
        #expect(
            try records(isGone ? Self.name : "moved") == ["brain.Event:2", "point 10"] + (isGone ? ["point 20"] : []))
        #expect(try folder.read("metrics.jsonl").count(where: { $0 == UInt8(ascii: "\n") }) == 3)
    }

    @Test("An incomplete last record is removed, and a file with a damaged record is kept under another name")
    func damage() throws {
        try log([("start", 0), ("step", 10), ("step", 20)])
        try folder.write(Array(folder.read(Self.name).dropLast(3)), to: Self.name)
        try log([("resume", 10)])
        #expect(try records() == ["brain.Event:2", "point 10", "start 11", "start 11"])
        #expect(try folder.names() == [Self.name, "metrics.jsonl"])
        for name in ["events.out.tfevents.damaged", "events.out.tfevents.damaged-2"] {
            var bytes = try folder.read(Self.name)
            bytes[bytes.count / 2] ^= 4
            try folder.write(bytes, to: Self.name)
            try log([("start", 0), ("step", 10)])
            #expect(try folder.read(name) == bytes)
            #expect(try records() == ["brain.Event:2", "start 1", "start 1", "point 10"])
        }
    }
}
