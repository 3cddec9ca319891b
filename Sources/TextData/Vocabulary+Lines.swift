extension Vocabulary {
    /// Passes the lines of `source` to `sink`, in order. The tokens of all lines are those of `encode(_:skipping:to:)`.
    ///
    /// A word `<eos>` in a line does not end the line. A line feed ends it even if it is skipped; the line may then have no token. Memory grows with the longest line. Throws as `encode(_:skipping:to:)`.
    ///
    /// - Parameter endsLastLine: whether the last line of a text of characters, bytes or matches also has a line end if the text does not end with one, as
    ///   `missingLineEnd(of:)` says.
    public func encodeLines(
        _ source: TextSource, skipping skipped: SkippedCharacters? = nil, endsLastLine: Bool = false,
        to sink: (EncodedLine) throws(TextDataError) -> Void
    ) throws(TextDataError) {
        let text = source.text
        precondition(text.unit == unit, "a text of \(text.unit) for a vocabulary of \(unit)")
        let missing = endsLastLine ? try missingLineEnd(of: text) : nil
        try text.withBytes { (bytes) throws(TextDataError) in
            let piece = text.piece(0..<text.blockCount, of: bytes)
            switch unit {
            case .word: try wordLines(piece.bytes, to: sink)
            case .char: try characterLines(piece.bytes, of: bytes, source, skipping: skipped, missing, to: sink)
            case .byte: try byteLines(piece.bytes, missing, to: sink)
            case .integers, .regex, .sentencepiece:
                try foundLines(
                    piece.bytes, SearchedText(whole: bytes, name: text.name), missing, separatesTexts: source.separatesTexts,
                    to: sink)
            }
        }
    }

    private func foundLines(
        _ bytes: UnsafeRawBufferPointer, _ text: SearchedText, _ missing: Int32?, separatesTexts: Bool,
        to sink: (EncodedLine) throws(TextDataError) -> Void
    ) throws(TextDataError) {
        var line = EncodedLine()
        try tokenizer.forEachToken(of: bytes, in: text, endsLastLine: true, withSources: true) { (token) throws(TextDataError) in
            if let gap = token.gap { line.appendGap(gap, isUnknown: false) }
            if token.endsLine, separatesTexts, lineEndID == nil { return try give(&line, to: sink) }
            line.append(
                number(of: token), token.bytes.bindMemory(to: UInt8.self), source: token.source, endsLine: token.endsLine)
            if token.endsLine { try give(&line, to: sink) }
        }
        if !line.tokens.isEmpty { try giveLast(&line, missing, to: sink) }
    }

    private func wordLines(
        _ bytes: UnsafeRawBufferPointer, to sink: (EncodedLine) throws(TextDataError) -> Void
    ) throws(TextDataError) {
        let unknown = unknownID ?? 0
        var words = WordScanner(bytes, endsLastLine: true)
        var line = EncodedLine()
        while let word = words.next() {
            let endsLine = words.isLineEnd(word)
            let number = index.table.find(word).map { Int32(truncatingIfNeeded: $0) } ?? unknown
            line.append(number, UnsafeBufferPointer(start: word.start, count: word.count), endsLine: endsLine)
            if endsLine { try give(&line, to: sink) }
        }
    }

    private func characterLines(
        _ bytes: UnsafeRawBufferPointer, of text: UnsafeRawBufferPointer, _ source: TextSource,
        skipping skipped: SkippedCharacters?, _ missing: Int32?, to sink: (EncodedLine) throws(TextDataError) -> Void
    ) throws(TextDataError) {
        guard let first = text.baseAddress else { return }
        let numbers = scalarNumbers()
        var characters = CharacterScanner(bytes)
        var (line, isBegun) = (EncodedLine(), false)
        while let scalar = characters.next() {
            let (end, endsLine) = (characters.p, scalar == 0x0A)
            isBegun = !endsLine
            let onlySeparates = endsLine && source.separatesTexts
            if let number = numbers[scalar] > 0 ? Int32(bitPattern: numbers[scalar] &- 1) : onlySeparates ? nil : unknownID {
                let width = Unicode.Scalar(scalar).map(UTF8.width) ?? 1
                line.append(number, UnsafeBufferPointer(start: end - width, count: width), endsLine: endsLine)
            } else if !onlySeparates {
                let offset = UnsafeRawPointer(end) - first
                guard let skipped else { throw Self.unknownCharacter(before: offset, text, name: source.name) }
                note(scalar, endingAt: UnsafeRawPointer(end), of: text, in: skipped)
                let width = Unicode.Scalar(scalar).map(UTF8.width) ?? 1
                line.appendGap(UnsafeBufferPointer(start: end - width, count: width), isUnknown: true)
            }
            if endsLine { try give(&line, to: sink) }
        }
        if isBegun { try giveLast(&line, missing, to: sink) }
    }

    private func byteLines(
        _ bytes: UnsafeRawBufferPointer, _ missing: Int32?, to sink: (EncodedLine) throws(TextDataError) -> Void
    ) throws(TextDataError) {
        var line = EncodedLine()
        for byte in bytes.bindMemory(to: UInt8.self) {
            withUnsafePointer(to: byte) {
                line.append(Int32(byte), UnsafeBufferPointer(start: $0, count: 1), endsLine: byte == 0x0A)
            }
            if byte == 0x0A { try give(&line, to: sink) }
        }
        if !line.tokens.isEmpty { try giveLast(&line, missing, to: sink) }
    }

    /// Gives a line without a line end, after the line end that it lacks.
    private func giveLast(
        _ line: inout EncodedLine, _ missing: Int32?, to sink: (EncodedLine) throws(TextDataError) -> Void
    ) throws(TextDataError) {
        if let missing {
            withUnsafePointer(to: UInt8(0x0A)) { line.append(missing, UnsafeBufferPointer(start: $0, count: 1), endsLine: true) }
        }
        try give(&line, to: sink)
    }

    private func give(
        _ line: inout EncodedLine, to sink: (EncodedLine) throws(TextDataError) -> Void
    ) throws(TextDataError) {
        try sink(line)
        line.removeAll()
    }
}
