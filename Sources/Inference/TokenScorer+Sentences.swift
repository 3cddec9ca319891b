public import TextData

extension TokenScorer {
    /// Scores each sentence as a line by itself, in order, and passes it to `body` with its index.
    ///
    /// A sentence must not contain a line feed. Its last token is the line end, if the vocabulary has one. Throws as `scoreLines(of:skipping:_:)`.
    ///
    /// - Parameter name: the name of the sentences in messages.
    public func score(
        sentences: [String], named name: String, skipping characters: SkippedCharacters? = nil,
        _ body: (Int, ScoredLine) throws -> Void
    ) throws {
        guard !sentences.isEmpty else { return }
        var bytes: [UInt8] = []
        for sentence in sentences {
            precondition(!sentence.utf8.contains(0x0A), "a sentence with a line feed")
            bytes += sentence.utf8
            bytes.append(0x0A)
        }
        var index = 0
        let source = try TextSource(name: name, separatedTexts: bytes, unit: vocabulary.unit)
        try scoreLines(of: source, skipping: characters) { line in
            try body(index, line)
            index += 1
        }
        precondition(index == sentences.count, "\(sentences.count) sentences gave \(index) lines")
    }
}
