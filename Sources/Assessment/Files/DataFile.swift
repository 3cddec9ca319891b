import Files

/// A file in memory, as lines of text.
public struct DataFile: Sendable {
    /// The path of the file, or another name of it in messages.
    public let name: String
    /// The lines, without line ends. A line end after the last line adds no line.
    public let lines: [String]

    /// Decodes the bytes of a file. `\r\n` ends a line like `\n`, and a byte-order mark is skipped. Throws `DataFileError` for invalid UTF-8 and for
    /// a file without lines.
    public init(name: String, bytes: [UInt8]) throws(DataFileError) {
        let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...]
        if let format = bytes.withUnsafeBytes({ FileFormat($0) }), format.isCertain {
            throw DataFileError(
                path: name, line: nil, reason: "it is a file of the format \(format.name)", advice: format.advice + ".")
        }
        var lines: [String] = []
        for line in text.split(separator: 0x0A, omittingEmptySubsequences: false) {
            guard let decoded = String(validating: line.last == 0x0D ? line.dropLast() : line, as: UTF8.self) else {
                throw DataFileError(
                    path: name, line: lines.count + 1, reason: "the line is not UTF-8",
                    advice: "Convert the file to UTF-8 (iconv).")
            }
            lines.append(decoded)
        }
        if lines.last == "" { lines.removeLast() }
        guard !lines.isEmpty else {
            throw DataFileError(path: name, line: nil, reason: "the file is empty", advice: "Name another file.")
        }
        (self.name, self.lines) = (name, lines)
    }

    /// An error of line `line`, from 1.
    func error(_ line: Int?, _ reason: String, _ advice: String) -> DataFileError {
        DataFileError(path: name, line: line, reason: reason, advice: advice)
    }

    /// The whole text.
    var text: String { lines.joined(separator: "\n") }
}
