extension OpenedText {
    /// Passes each line with its line feed, if it has one, and its number, from 1, to `body`. A byte-order mark is not part of the first line.
    func forEachEndedLine(_ body: (UnsafeRawBufferPointer, Int) throws(TextDataError) -> Void) throws(TextDataError) {
        try withBytes { (all) throws(TextDataError) in
            let bytes = withoutByteOrderMark(all)
            var (start, number) = (0, 0)
            while start < bytes.count {
                number += 1
                let end = bytes[start...].firstIndex(of: 0x0A).map { $0 + 1 } ?? bytes.count
                try body(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), number)
                start = end
            }
        }
    }

    /// The same without the line feeds.
    func forEachLine(_ body: (UnsafeRawBufferPointer, Int) throws(TextDataError) -> Void) throws(TextDataError) {
        try forEachEndedLine { (line, number) throws(TextDataError) in
            try body(line.last == 0x0A ? UnsafeRawBufferPointer(rebasing: line.dropLast()) : line, number)
        }
    }
}
