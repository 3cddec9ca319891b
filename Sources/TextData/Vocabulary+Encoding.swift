extension Vocabulary {
    /// Passes the numbers of all tokens of `source` to `sink`, in order and in pieces of up to 65,536.
    ///
    /// Throws `unknownCharacter` (65) for a scalar that is not in the vocabulary, unless the vocabulary has `<unk>` or `skipped` collects
    /// such scalars. Also throws the errors of `sink`.
    public func encode(
        _ source: TextSource, skipping skipped: SkippedCharacters? = nil,
        to sink: (UnsafeBufferPointer<Int32>) throws(TextDataError) -> Void
    ) throws(TextDataError) {
        try encode(source.text, blocks: 0..<source.text.blockCount, skipping: skipped, to: sink)
    }

    /// The token of the line end that a text lacks whose lines are texts of their own. Nil if it ends with one, if the vocabulary has none, or if its
    /// unit has a line end after each line anyway, as words have.
    package func missingLineEnd(of text: OpenedText) throws(TextDataError) -> Int32? {
        guard unit.hasLineFeeds, let lineEndID else { return nil }
        return try text.lacksLineEnd() ? lineEndID : nil
    }

    /// Encodes the tokens of some blocks of an examined text.
    public func encode(
        _ text: OpenedText, blocks: Range<Int>, skipping skipped: SkippedCharacters? = nil,
        to sink: (UnsafeBufferPointer<Int32>) throws(TextDataError) -> Void
    ) throws(TextDataError) {
        precondition(text.unit == unit, "a text of \(text.unit) for a vocabulary of \(unit)")
        try text.withBytes { (bytes) throws(TextDataError) in
            try encode(text.piece(blocks, of: bytes), of: bytes, name: text.name, skipping: skipped, to: sink)
        }
    }

    private func encode(
        _ piece: TextPiece, of text: UnsafeRawBufferPointer, name: String, skipping skipped: SkippedCharacters?,
        to sink: (UnsafeBufferPointer<Int32>) throws(TextDataError) -> Void
    ) throws(TextDataError) {
        switch unit {
        case .word: try encodeWords(WordScanner(piece.bytes, endsLastLine: piece.isLast), to: sink)
        case .char:
            guard let start = text.baseAddress,
                let bad = try encodeCharacters(CharacterScanner(piece.bytes), of: text, skipping: skipped, to: sink)
            else { return }
            throw Self.unknownCharacter(before: bad - start, text, name: name)
        case .byte: try encodeBytes(piece.bytes, to: sink)
        case .integers, .regex, .sentencepiece:
            try encodeFound(piece, SearchedText(whole: text, name: name), to: sink)
        }
    }

    /// The number of a found token; that of `<unk>` for a token outside the vocabulary.
    func number(of token: FoundToken) -> Int32 {
        token.id ?? index.table.find(ScannedToken(token.bytes)).map { Int32(truncatingIfNeeded: $0) } ?? unknownID ?? 0
    }

    private func encodeFound(
        _ piece: TextPiece, _ text: SearchedText, to sink: (UnsafeBufferPointer<Int32>) throws(TextDataError) -> Void
    ) throws(TextDataError) {
        let room = TokenRoom()
        var count = 0
        try tokenizer.forEachToken(of: piece.bytes, in: text, endsLastLine: piece.isLast) { (token) throws(TextDataError) in
            room.tokens[count] = number(of: token)
            count += 1
            if count == TokenRoom.slowCapacity { try room.give(&count, to: sink) }
        }
        try room.give(&count, to: sink)
    }

    static func unknownCharacter(before end: Int, _ text: UnsafeRawBufferPointer, name: String) -> TextDataError {
        var offset = end - 1
        while offset > 0, text[offset] & 0xC0 == 0x80 { offset -= 1 }
        let scalar = String(decoding: text[offset..<end], as: UTF8.self).unicodeScalars.first
        return .unknownCharacter(source: name, byteOffset: offset, scalar: scalar ?? "\u{FFFD}")
    }
}

// MARK: The loops over tokens

extension Vocabulary {
    /// Every word has a number, because vocabularies of words have `<unk>`.
    private func encodeWords(
        _ words: consuming WordScanner, to sink: (UnsafeBufferPointer<Int32>) throws(TextDataError) -> Void
    ) throws(TextDataError) {
        let unknown = Int(unknownID ?? 0)
        let room = TokenRoom()
        var count = 0
        var batch = WordBatch()
        while batch.fill(from: &words, in: index.table) {
            if count + batch.count > TokenRoom.capacity { try room.give(&count, to: sink) }
            for position in 0..<batch.count {
                var number = batch.number(position, in: index.table)
                if number < 0 { number = number == -2 ? search(batch[position]) : unknown }
                room.tokens[count] = Int32(truncatingIfNeeded: number)
                count += 1
            }
        }
        try room.give(&count, to: sink)
    }

    @inline(never)
    private func search(_ word: ScannedToken) -> Int {
        index.table.find(word) ?? Int(unknownID ?? 0)
    }

    /// Returns the end of the first scalar without a number, or nil.
    private func encodeCharacters(
        _ characters: consuming CharacterScanner, of text: UnsafeRawBufferPointer, skipping skipped: SkippedCharacters?,
        to sink: (UnsafeBufferPointer<Int32>) throws(TextDataError) -> Void
    ) throws(TextDataError) -> UnsafeRawPointer? {
        let numbers = scalarNumbers()
        let unknown = unknownID.map { UInt32($0) + 1 } ?? 0
        let room = TokenRoom()
        var count = 0
        while let scalar = characters.next() {
            var number = numbers[scalar]
            if number == 0 {
                if unknown == 0 {
                    guard let skipped else { return UnsafeRawPointer(characters.p) }
                    note(scalar, endingAt: UnsafeRawPointer(characters.p), of: text, in: skipped)
                    continue
                }
                number = unknown
            }
            room.tokens[count] = Int32(bitPattern: number &- 1)
            count += 1
            if count == TokenRoom.capacity { try room.give(&count, to: sink) }
        }
        try room.give(&count, to: sink)
        return nil
    }

    @inline(never)
    func note(
        _ value: UInt32, endingAt end: UnsafeRawPointer, of text: UnsafeRawBufferPointer, in skipped: SkippedCharacters
    ) {
        guard let start = text.baseAddress, let scalar = Unicode.Scalar(value) else { return }
        skipped.unknown.note(scalar, endingAt: end - start, of: text)
    }

    /// The number of each scalar of the vocabulary, plus one.
    func scalarNumbers() -> ScalarNumbers {
        let numbers = ScalarNumbers()
        for number in 0..<size {
            let scalars = String(decoding: index.table.bytes(number), as: UTF8.self).unicodeScalars
            if scalars.count == 1, let scalar = scalars.first { numbers[scalar.value] = UInt32(number + 1) }
        }
        return numbers
    }

    private func encodeBytes(
        _ bytes: UnsafeRawBufferPointer, to sink: (UnsafeBufferPointer<Int32>) throws(TextDataError) -> Void
    ) throws(TextDataError) {
        let room = TokenRoom()
        for start in stride(from: 0, to: bytes.count, by: TokenRoom.capacity) {
            var count = min(TokenRoom.capacity, bytes.count - start)
            let tokens = room.tokens
            for position in 0..<count { tokens[position] = Int32(bytes[start + position]) }
            try room.give(&count, to: sink)
        }
    }
}

/// A buffer for tokens on their way to a sink.
private final class TokenRoom {
    static let capacity = 1 << 16
    /// For tokens each of which may take milliseconds to find, because the sink looks for signals.
    static let slowCapacity = 256
    let tokens = UnsafeMutablePointer<Int32>.allocate(capacity: TokenRoom.capacity)

    deinit {
        tokens.deallocate()
    }

    /// Passes the first `count` tokens to the sink and empties the buffer.
    func give(
        _ count: inout Int, to sink: (UnsafeBufferPointer<Int32>) throws(TextDataError) -> Void
    ) throws(TextDataError) {
        guard count > 0 else { return }
        let full = UnsafeBufferPointer(start: tokens, count: count)
        count = 0
        try sink(full)
    }
}
