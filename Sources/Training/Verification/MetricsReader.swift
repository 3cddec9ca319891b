package import Files
import Foundation

/// Reads `metrics.jsonl` through, line by line.
package struct MetricsReader {
    /// Lines that are whole.
    package private(set) var lineCount = 0
    /// Whether the file ends inside a line.
    package private(set) var hasCutLine = false
    /// The parameters' digests by step, of the last line that has one.
    package private(set) var digests: [Int: String] = [:]

    private struct Line: Decodable {
        let event: String
        let step: Int?
        let parameters_digest: String?
    }

    /// Reads the file at `path`. Throws `FileError`, and `TrainingError.badLog`.
    package init(path: String) throws {
        let file = try MappedFile(path: path)
        self = try file.checked({ $0 as any Error }) { () throws(any Error) in try MetricsReader(file) }
    }

    /// Reads a file. Throws `TrainingError.badLog`.
    package init(_ file: MappedFile) throws {
        file.adviseSequential()
        var start = 0
        while let end = file.bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
            try take(file.bytes[start..<end], at: start, file.path)
            start = end + 1
        }
        hasCutLine = start < file.bytes.count
    }

    private mutating func take(_ bytes: Slice<UnsafeRawBufferPointer>, at offset: Int, _ path: String) throws {
        lineCount += 1
        guard bytes.first == UInt8(ascii: "{"), let line = try? JSONDecoder().decode(Line.self, from: Data(bytes)) else {
            throw TrainingError.badLog(path: path, line: lineCount, byteOffset: offset)
        }
        if let step = line.step, let digest = line.parameters_digest { digests[step] = digest }
    }
}
