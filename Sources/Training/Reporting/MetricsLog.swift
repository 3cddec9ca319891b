import Foundation

/// `metrics.jsonl`: one JSON object a line, appended, with the keys in the order in which they are given.
///
/// Lines are written whole, at once. Only rank 0 has one.
package final class MetricsLog {
    /// A value of a line.
    package enum Value {
        case integer(Int)
        case number(Double)
        case text(String)
        case flag(Bool)
        case null
    }

    private let path: String
    private let file: FileHandle

    /// Opens or makes the file, and removes what an interrupted write left of a last line.
    package init(path: String) throws {
        self.path = path
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw TrainingError.log(path: path, reason: String(cString: strerror(errno))) }
        file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try Self.io(path) {
            let whole = try Self.lengthOfWholeLines(file)
            try file.truncate(atOffset: whole)
            try file.seek(toOffset: whole)
        }
    }

    /// Appends one line: `{"event":...,...}`.
    package func write(_ event: String, _ fields: [(String, Value)]) throws {
        let members = [("event", .text(event))] + fields
        let line = "{" + members.map { "\(Self.quoted($0.0)):\(Self.spelled($0.1))" }.joined(separator: ",") + "}\n"
        try Self.io(path) { try file.write(contentsOf: Data(line.utf8)) }
    }

    private static func lengthOfWholeLines(_ file: FileHandle) throws -> UInt64 {
        var end = try file.seekToEnd()
        while end > 0 {
            let start = end > 4096 ? end - 4096 : 0
            try file.seek(toOffset: start)
            let piece = try file.read(upToCount: Int(end - start)) ?? Data()
            if let newline = piece.lastIndex(of: UInt8(ascii: "\n")) {
                return start + UInt64(newline - piece.startIndex) + 1
            }
            end = start
        }
        return 0
    }

    private static func io<T>(_ path: String, _ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch {
            throw TrainingError.log(path: path, reason: (error as NSError).localizedDescription)
        }
    }

    private static func spelled(_ value: Value) -> String {
        switch value {
        case .integer(let integer): "\(integer)"
        case .number(let number): number.isFinite ? "\(number)" : "null"
        case .text(let text): quoted(text)
        case .flag(let flag): flag ? "true" : "false"
        case .null: "null"
        }
    }

    private static func quoted(_ text: String) -> String {
        guard let data = try? JSONEncoder().encode(text) else { return "\"\"" }
        return String(decoding: data, as: UTF8.self)
    }
}
