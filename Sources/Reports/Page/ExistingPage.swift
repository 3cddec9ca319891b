import Files

extension ReportPage {
    /// Whether a page may replace the file: it is an HTML page, or empty. False if it cannot be read.
    package static func mayReplace(_ path: String) -> Bool {
        let start = "<!doctype html"
        guard let file = try? ReadableFile(path: path), let bytes = try? file.bytes(0..<min(file.byteCount, start.utf8.count))
        else {
            return false
        }
        return bytes.isEmpty || String(decoding: bytes, as: UTF8.self).lowercased() == start
    }
}
