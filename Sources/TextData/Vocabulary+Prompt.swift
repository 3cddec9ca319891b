/// A prompt, encoded as tokens.
public struct EncodedPrompt: Sendable, Equatable {
    public internal(set) var tokens: [Int32] = []
    /// The symbols that were encoded as `<unk>`, or skipped if the vocabulary has no `<unk>`.
    public internal(set) var unknown = UnknownSymbols()
    /// The number of words or characters, including unknown ones.
    public internal(set) var symbolCount = 0
}

extension Vocabulary {
    /// Encodes a prompt like a text, except that a last line without a line feed gets no `<eos>`.
    ///
    /// Throws `invalidUTF8` (65) unless the unit is bytes, and `unknownCharacter` (65) unless the vocabulary has `<unk>`.
    public func encode(_ prompt: String) throws(TextDataError) -> [Int32] {
        try encode(prompt: Array(prompt.utf8), skippingUnknown: false).tokens
    }

    /// Encodes a prompt of bytes. With `skippingUnknown`, characters without a number are skipped instead of an error.
    public func encode(prompt bytes: [UInt8], skippingUnknown: Bool) throws(TextDataError) -> EncodedPrompt {
        var prompt = EncodedPrompt()
        try bytes.withRawBytes { (bytes) throws(TextDataError) in
            guard unit != .byte else { return prompt.append(bytes) }
            var validator = UTF8Validator(bytes)
            if let defect = validator.advance(to: bytes.count) {
                throw .invalidUTF8(source: Self.promptName, byteOffset: validator.position, defect: defect)
            }
            switch unit {
            case .word: encodeWords(of: bytes, into: &prompt)
            case .char: try encodeCharacters(of: bytes, into: &prompt, skippingUnknown: skippingUnknown)
            case .byte: break
            case .integers, .regex, .sentencepiece: try encodeFound(in: bytes, into: &prompt)
            }
        }
        return prompt
    }

    private static let promptName = "the prompt"

    private func encodeWords(of bytes: UnsafeRawBufferPointer, into prompt: inout EncodedPrompt) {
        var words = WordScanner(withoutByteOrderMark(bytes), endsLastLine: false)
        while let word = words.next() {
            let number = index.table.find(word)
            if number == nil, let start = bytes.baseAddress {
                prompt.unknown.note(
                    UnsafeRawBufferPointer(start: word.start, count: word.count), at: UnsafeRawPointer(word.start) - start)
            }
            prompt.tokens.append(number.map { Int32($0) } ?? unknownID ?? 0)
            prompt.symbolCount += 1
        }
    }

    private func encodeFound(in bytes: UnsafeRawBufferPointer, into prompt: inout EncodedPrompt) throws(TextDataError) {
        let text = SearchedText(whole: bytes, name: Self.promptName)
        try tokenizer.forEachToken(of: withoutByteOrderMark(bytes), in: text, endsLastLine: false, withSources: true) {
            (token) throws(TextDataError) in
            let number = number(of: token)
            if number == unknownID { prompt.unknown.note(token.bytes, at: text.offset(of: token.bytes)) }
            prompt.tokens.append(number)
            prompt.symbolCount += 1
        }
    }

    private func encodeCharacters(
        of bytes: UnsafeRawBufferPointer, into prompt: inout EncodedPrompt, skippingUnknown: Bool
    ) throws(TextDataError) {
        guard let start = bytes.baseAddress else { return }
        var characters = CharacterScanner(withoutByteOrderMark(bytes))
        while let value = characters.next() {
            let scalar = Unicode.Scalar(value) ?? "\u{FFFD}"
            let known = id(of: String(scalar))
            if known == nil {
                let end = UnsafeRawPointer(characters.p) - start
                guard skippingUnknown || unknownID != nil else {
                    throw .unknownCharacter(source: Self.promptName, byteOffset: end - UTF8.width(scalar), scalar: scalar)
                }
                prompt.unknown.note(scalar, endingAt: end, of: bytes)
            }
            if let token = known ?? unknownID { prompt.tokens.append(token) }
            prompt.symbolCount += 1
        }
    }
}

extension EncodedPrompt {
    fileprivate mutating func append(_ bytes: UnsafeRawBufferPointer) {
        tokens += bytes.map { Int32($0) }
        symbolCount += bytes.count
    }
}
