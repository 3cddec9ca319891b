import Files
import Foundation
import Testing
import Training

@Suite("metrics.jsonl")
struct MetricsLogTests {
    /// The content of a file that contained `text`, after a line was appended.
    private func appended(to text: String) throws -> String {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("metrics-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: place) }
        if !text.isEmpty { try Data(text.utf8).write(to: place) }
        do { try MetricsLog(path: place.path, moment: { [] }).write("step", [("step", .integer(7))]) }
        return String(decoding: try Data(contentsOf: place), as: UTF8.self)
    }

    private let line = "{\"event\":\"step\",\"step\":7}\n"

    @Test("Lines are appended")
    func appending() throws {
        #expect(try appended(to: "") == line)
        #expect(try appended(to: "{}\n{}\n") == "{}\n{}\n" + line)
    }

    @Test(
        "What an interrupted write left of a last line is removed, however long it is", arguments: [1, 4095, 4096, 4097, 10_000])
    func halfLine(length: Int) throws {
        let half = String(repeating: "x", count: length)
        #expect(try appended(to: "{}\n" + half) == "{}\n" + line)
        #expect(try appended(to: half) == line)
    }

    @Test("Values are valid JSON, also if they are not finite or need escapes")
    func values() throws {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("metrics-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: place) }
        try MetricsLog(path: place.path, moment: { [] }).write(
            "a",
            [
                ("b", .number(0.1)), ("c", .number(.nan)), ("d", .text("\"\n\\ä")), ("e", .flag(true)), ("f", .null),
                ("g", .number(1e-7)),
            ])
        let text = String(decoding: try Data(contentsOf: place), as: UTF8.self)
        #expect(text == "{\"event\":\"a\",\"b\":0.1,\"c\":null,\"d\":\"\\\"\\n\\\\ä\",\"e\":true,\"f\":null,\"g\":1e-07}\n")
    }

    @Test("Every line has its time, in UTC, and the seconds since the start of the process")
    func moments() throws {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("metrics-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: place) }
        let log = try MetricsLog(path: place.path)
        let before = Date()
        for step in 1...2 { try log.write("step", [("step", .integer(step))]) }
        let lines = String(decoding: try Data(contentsOf: place), as: UTF8.self).split(separator: "\n")
        let pattern = /{"event":"step","time":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)","elapsed_seconds":([0-9.]+),"step":\d}/
        let found = try lines.map { try #require($0.wholeMatch(of: pattern)) }
        let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        let times = try found.map { try format.parse(String($0.1)) }
        #expect(times.allSatisfy { abs($0.timeIntervalSince(before)) < 5 })
        let elapsed = found.compactMap { Double($0.2) }
        #expect(elapsed.count == 2 && elapsed[0] > 0 && elapsed[0] <= elapsed[1])
    }

    @Test("The last line of a job is tried again while the disk may recover")
    func lastLine() throws {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("metrics-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: place) }
        let recovery = Date.now.addingTimeInterval(0.5)
        var calls = FileSystemCalls.system
        calls.write = { descriptor, bytes throws(CallFailure) in
            if Date.now < recovery { throw CallFailure(errorNumber: ENOSPC) }
            return try FileSystemCalls.system.write(descriptor, bytes)
        }
        let log = try MetricsLog(at: FilePlace(path: place.path, through: calls), moment: { [] })
        try log.write("step", [("step", .integer(7))])
        #expect(try Data(contentsOf: place).isEmpty)
        try log.finish()
        #expect(String(decoding: try Data(contentsOf: place), as: UTF8.self) == line)
    }

    @Test("A path where no file can be created is an error with status 74 that contains the path")
    func noFile() {
        #expect(throws: TrainingError.log(path: "/proc/none/metrics.jsonl", reason: "No such file or directory")) {
            try MetricsLog(path: "/proc/none/metrics.jsonl")
        }
        #expect(TrainingError.log(path: "a", reason: "b").exitStatus == .inputOutput)
    }
}
