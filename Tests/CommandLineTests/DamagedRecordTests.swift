import Foundation
import TestSupport
import Testing

@Suite("Damage of the event file, the stamps and the log of a run", .serialized)
struct DamagedRecordTests {
    private static let options = [
        "--hidden-size", "4", "--embedding-size", "4", "--batch-size", "4", "--bptt", "20", "--epochs", "1", "--log-every", "1",
        "--tensorboard",
    ]
    private let texts: TrainingFolder

    init() throws { texts = try TrainingFolder(options: Self.options, lines: 20, validLines: 5) }

    private func rnntrain(_ arguments: [String]) throws -> ProgramRun {
        try ProgramRun.alone("rnntrain", arguments, folder: texts.folder)
    }

    private func train() throws { try #require(try rnntrain(texts.arguments(run: "run")).status == 0) }

    private func verify() throws -> ProgramRun { try rnntrain(["verify", texts.path("run")]) }

    private func resume() throws -> ProgramRun { try rnntrain(["--run", texts.path("run"), "--resume", "--epochs", "2"]) }

    @Test("verify finds a damaged record of the event file, and a resume keeps the file and begins a new one")
    func eventFile() throws {
        let name = "run/events.out.tfevents.rnntrain"
        try train()
        var bytes = try texts.bytes(name)
        try texts.write(name, bytes.dropLast(3))
        let cut = try verify()
        #expect(cut.status == 0 && cut.output.contains("its last record is incomplete"), "\(cut)")
        bytes[bytes.count / 2] ^= 4
        try texts.write(name, bytes)
        let damaged = try verify()
        #expect(damaged.status == 65 && damaged.errors.contains("\(texts.path(name)): the record at byte "), "\(damaged)")
        let resumed = try resume()
        let warning = "rnntrain: warning: \(texts.path(name)) has a damaged record. "
        #expect(resumed.status == 0 && resumed.errors.contains(warning), "\(resumed)")
        #expect(try texts.bytes("run/events.out.tfevents.damaged") == bytes)
        #expect(try EventFile([UInt8](texts.bytes(name))).events.first?.version == "brain.Event:2")
        #expect(try verify().status == 0)
    }

    @Test("verify finds a changed digit in the stamps, and a resume reads the text again instead of refusing it")
    func stamps() throws {
        usleep(2_100_000)  // the stamp of a text that was just written is not reliable
        try train()
        let name = "run/data/stamps.json"
        let text = String(decoding: try texts.bytes(name), as: UTF8.self)
        let digest = String(try #require(text.firstMatch(of: /"digest":([0-9]+)/)?.1))
        #expect(text.contains(#""source":{"#))
        let other = String(digest.dropLast()) + (digest.hasSuffix("0") ? "1" : "0")
        try texts.write(name, text.replacing(digest, with: other))
        let changed = try verify()
        #expect(changed.status == 65 && changed.errors.contains("stamps.json is not as it was written"), "\(changed)")
        let resumed = try resume()
        #expect(resumed.status == 0, "\(resumed)")
        #expect(try verify().status == 0)
        for written in [text.replacing(/"checksum":"[^"]*"/, with: #""checksum":"0""#), text.replacing("\n", with: "\r\n")] {
            try texts.write(name, written)
            #expect(try verify().status == 65)
        }
        try texts.write(name, text.replacing(/,"checksum":"[^"]*"/, with: ""))
        let unsealed = try verify()
        #expect(unsealed.status == 0 && unsealed.output.contains("it has no checksum"), "\(unsealed)")
    }

    @Test("A log whose lines have no line feeds is reported, and a resume does not remove them", arguments: [true, false])
    func unendedLines(isArray: Bool) throws {
        try train()
        let name = "run/metrics.jsonl"
        let log = String(decoding: try texts.bytes(name), as: UTF8.self)
        let lines = log.split(separator: "\n")
        let written = Data((isArray ? "[\(lines.joined(separator: ", "))]" : lines.joined(separator: "\r")).utf8)
        try texts.write(name, written)
        for outcome in [try verify(), try resume()] {
            #expect(outcome.status == 65 && outcome.errors.contains("Its lines are not separated by line feeds"), "\(outcome)")
        }
        #expect(try texts.bytes(name) == written)
        // A killed job leaves the beginning of a line.
        for end in ["", String(repeating: "\0", count: 100)] {
            try texts.write(name, Data(log.utf8.dropLast(3)) + Data(end.utf8))
            #expect(try resume().status == 0)
        }
    }

    @Test("report leaves out a line of the log that cannot be read, and warns with its number")
    func report() throws {
        try train()
        var lines = String(decoding: try texts.bytes("run/metrics.jsonl"), as: UTF8.self).split(separator: "\n")
        lines[2] = #"{"event":"st"#
        try texts.write("run/metrics.jsonl", lines.joined(separator: "\n") + "\n")
        let outcome = try rnntrain(["report", texts.path("run"), "--output", texts.path("page.html")])
        #expect(outcome.status == 0 && outcome.errors.contains("metrics.jsonl: line 3 cannot be read."), "\(outcome)")
        #expect(try texts.bytes("page.html").count > 1000)
    }
}
