import Files
import Foundation
import Runs
import Synchronization
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
        return try contents(place)
    }

    /// The content of a log without its checksums.
    private func contents(_ place: URL) throws -> String {
        String(decoding: try Data(contentsOf: place), as: UTF8.self).replacing(/,"checksum":"[0-9a-f]{16}"/, with: "")
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
        #expect(
            try contents(place)
                == "{\"event\":\"a\",\"b\":0.1,\"c\":null,\"d\":\"\\\"\\n\\\\ä\",\"e\":true,\"f\":null,\"g\":1e-07}\n"
        )
    }

    @Test("Every line has its time, in UTC, and the seconds since the start of the process")
    func moments() throws {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("metrics-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: place) }
        let log = try MetricsLog(path: place.path)
        let before = Date()
        for step in 1...2 { try log.write("step", [("step", .integer(step))]) }
        let lines = try contents(place).split(separator: "\n")
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
        #expect(try FileManager.default.attributesOfItem(atPath: place.path)[.size] as? Int == 0)
        try log.finish()
        #expect(try contents(place) == line)
    }

    /// The error of each write to a file.
    private final class WriteFault: Sendable {
        let number: Mutex<Int32>
        init(_ number: Int32) { self.number = Mutex(number) }
    }

    /// A log in which each write fails.
    private func failing(_ fault: WriteFault, at place: URL) throws -> MetricsLog {
        var calls = FileSystemCalls.system
        calls.write = { _, _ throws(CallFailure) in throw CallFailure(errorNumber: fault.number.withLock { $0 }) }
        return try MetricsLog(at: FilePlace(path: place.path, through: calls), moment: { [] })
    }

    @Test("A line that cannot be written for a reason that cannot pass ends the job at once", arguments: [EFBIG, EROFS, EACCES])
    func lastingFault(number: Int32) throws {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("metrics-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: place) }
        let log = try failing(WriteFault(number), at: place)
        let error = TrainingError.log(path: place.path, errorNumber: number)
        #expect(throws: error) { try log.write("step", [("step", .integer(7))]) }
    }

    @Test("Lines that cannot be written until the end of the job are counted, with their first step")
    func missingLines() throws {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("metrics-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: place) }
        let fault = WriteFault(ENOSPC)
        let log = try failing(fault, at: place)
        for step in 7...9 { try log.write("step", [("loss", .number(1)), ("step", .integer(step))]) }
        fault.number.withLock { $0 = EROFS }
        let lack = TrainingError.unwrittenRecords(path: place.path, errorNumber: EROFS, count: 3, firstStep: 7)
        #expect(throws: lack) { try log.finish() }
        #expect(lack.exitStatus == .inputOutput && "\(lack)".contains("3 records, from step 7 on, are not written."))
    }

    @Test("Steps that no line of the log has, although a later job continued after them, are noted")
    func gaps() throws {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("metrics-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: place) }
        func gaps(_ lines: [(String, Int)]) throws -> [String] {
            let text = lines.map { "{\"event\":\"\($0.0)\",\"step\":\($0.1)}\n" }.joined()
            try Data(text.utf8).write(to: place)
            return try MetricsReader(path: place.path).models.gaps
        }
        let repeated = [("start", 0), ("step", 5), ("resume", 5), ("step", 9), ("resume", 7), ("step", 8), ("resume", 9)]
        #expect(try gaps(repeated).isEmpty)
        #expect(try gaps([("resume", 40), ("step", 41), ("rollback", 40)]).isEmpty, "an older log was moved away")
        let found = try gaps([("start", 0), ("step", 5), ("resume", 20), ("step", 21)])
        #expect(found.count == 1 && found.first?.hasPrefix("it has no line of the steps after step 5 up to step 20,") == true)
    }

    // MARK: Checksums

    /// The changed line that the log has when it consists of these lines; nil for none.
    private func change(_ lines: [String]) throws -> String? {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("metrics-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: place) }
        try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: place)
        let change = try MetricsReader(path: place.path, modelsOnly: true).change
        return try change.map { try #require("\($0)".firstMatch(of: /line ([0-9]+) is not as it was written/)).1 }.map(
            String.init)
    }

    /// The lines of a log after `count` lines were appended, by as many jobs, to `lines` and an incomplete line.
    private func appended(_ count: Int, to lines: [String] = [], torn: String = "") throws -> [String] {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("metrics-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: place) }
        try Data((lines.map { $0 + "\n" }.joined() + torn).utf8).write(to: place)
        for step in 0..<count { try MetricsLog(path: place.path).write("step", [("step", .integer(step))]) }
        return String(decoding: try Data(contentsOf: place), as: UTF8.self).split(separator: "\n").map(String.init)
    }

    @Test("A line that was changed, removed, inserted or moved is found by the checksums")
    func changes() throws {
        let lines = try appended(4)
        #expect(try change(lines) == nil)
        for index in lines.indices {
            var changed = lines
            changed[index].replace("\"step\":\(index)", with: "\"step\":7")
            #expect(try change(changed) == "\(index + 1)")
        }
        #expect(try change(Array(lines.dropFirst())) == "1")
        #expect(try change([lines[0], lines[2], lines[3]]) == "2")
        #expect(try change([lines[0], lines[0], lines[1]]) == "2")
        #expect(try change([lines[1], lines[0]]) == "1")
        #expect(try change([lines[0], lines[1], "{\"event\":\"step\",\"step\":2}", lines[3]]) == "3")
        #expect(try change(lines.dropLast(2)) == nil, "a crash can lose the last lines")
    }

    @Test("The checksums continue after an incomplete line, and in a log of an older version")
    func continuation() throws {
        let old = ["{\"event\":\"start\"}", "{\"event\":\"step\",\"step\":1}"]
        #expect(try change(old) == nil)
        let continued = try appended(3, to: old)
        #expect(try change(continued) == nil)
        #expect(try change([old[0], "{}"] + continued.dropFirst(2)) == "3")
        let torn = try appended(2, to: continued, torn: String(continued[4].dropLast(9)))
        #expect(try torn.count == continued.count + 2 && change(torn) == nil)
    }

    @Test("A path where no file can be created is an error with status 74 that contains the path")
    func noFile() {
        #expect(throws: TrainingError.log(path: "/proc/none/metrics.jsonl", errorNumber: ENOENT)) {
            try MetricsLog(path: "/proc/none/metrics.jsonl")
        }
        #expect(TrainingError.log(path: "a", errorNumber: EFBIG).exitStatus == .inputOutput)
        #expect(
            TrainingError.log(path: "a", errorNumber: EFBIG).description
                == "a: cannot write: File too large. Raise the limit on file sizes (ulimit -f), or choose a folder on another file system. "
                + "Then continue with --resume.")
    }
}
