import Failures
public import TextData

extension TokenScorer {
    /// Scores each sentence as a line by itself, in order, and passes it to `body` with its index.
    ///
    /// A sentence must not contain a line feed. Its last token is the line end, if the vocabulary has one. Throws as `scoreLines(of:skipping:_:)`.
    ///
    /// - Parameters:
    ///   - name: the name of the file of the sentences in messages.
    ///   - place: the place of a sentence in the file, given its index.
    public func score(
        sentences: [String], named name: String, place: (Int) -> String, skipping characters: SkippedCharacters? = nil,
        _ body: (Int, ScoredLine) throws -> Void
    ) throws {
        guard !sentences.isEmpty else { return }
        var (bytes, starts) = ([UInt8](), [Int]())
        for sentence in sentences {
            starts.append(bytes.count)
            precondition(!sentence.utf8.contains(0x0A), "a sentence with a line feed")
            bytes += sentence.utf8
            bytes.append(0x0A)
        }
        var index = 0
        let source = try TextSource(name: name, separatedTexts: bytes, unit: vocabulary.unit)
        func part(_ offset: Int) -> (start: Int, name: String) {
            let index = starts.lastIndex { $0 <= offset } ?? 0
            return (starts[index], "\(place(index)), text '\(quoting: sentences[index])'")
        }
        do {
            try scoreLines(of: source, skipping: characters) { line in
                try body(index, line)
                index += 1
            }
        } catch let error as TextDataError {
            throw error.byteOffset.map { offset in
                error.inPart(from: part(offset).start, named: "\(name): \(part(offset).name)")
            } ?? error
        }
        if let characters, characters.unknown.count > 0 {
            let part = part(characters.unknown.byteOffset)
            characters.locate(inPartFrom: part.start, named: part.name)
        }
        precondition(index == sentences.count, "\(sentences.count) sentences gave \(index) lines")
    }
}
