extension OpenedText {
    /// Whether the last line has no line feed. An empty text has no line.
    func lacksLineEnd() throws(TextDataError) -> Bool {
        try withBytes { (bytes) throws(TextDataError) in bytes.last.map { $0 != 0x0A } ?? false }
    }

    /// Passes each line with its line feed, if it has one, and its number, from 1, to `body`. A byte-order mark that is no part of the tokens is not
    /// part of the first line.
    func forEachEndedLine(_ body: (UnsafeRawBufferPointer, Int) throws(TextDataError) -> Void) throws(TextDataError) {
        try withBytes { (all) throws(TextDataError) in try textPiece(all, 0..<all.count).bytes.forEachEndedLine(body) }
    }

    /// The same without the line feeds.
    func forEachLine(_ body: (UnsafeRawBufferPointer, Int) throws(TextDataError) -> Void) throws(TextDataError) {
        try forEachEndedLine { (line, number) throws(TextDataError) in
            try body(line.last == 0x0A ? UnsafeRawBufferPointer(rebasing: line.dropLast()) : line, number)
        }
    }

    /// Whether a line is the first of a text of bytes, and begins with a byte-order mark, which is part of the tokens.
    func hasTokensOfMark(_ line: UnsafeRawBufferPointer, _ number: Int) -> Bool {
        number == 1 && firstByte == 0 && unit == .byte && withoutByteOrderMark(line).count < line.count
    }
}

extension UnsafeRawBufferPointer {
    /// Passes each line with its line feed, if it has one, and its number, from 1, to `body`.
    func forEachEndedLine(_ body: (UnsafeRawBufferPointer, Int) throws(TextDataError) -> Void) throws(TextDataError) {
        var (start, number) = (0, 0)
        while start < count {
            number += 1
            let end = self[start...].firstIndex(of: 0x0A).map { $0 + 1 } ?? count
            try body(UnsafeRawBufferPointer(rebasing: self[start..<end]), number)
            start = end
        }
    }
}
