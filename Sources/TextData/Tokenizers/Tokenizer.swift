/// How a text becomes tokens: the unit, and the pattern or the model that some units need.
public struct Tokenizer: Sendable {
    /// The unit of the tokens.
    public let unit: TokenUnit
    /// The pattern in UTF-8, the serialised model, or nothing.
    public let definition: [UInt8]
    /// The versions of PCRE2 and of its Unicode tables that found the tokens of a regular expression; nil for other units.
    public let patternLibrary: String?
    let model: SentencePieceModel?

    /// The contents of a file `.model` that SentencePiece's tools read; nil for other units.
    public var modelFile: [UInt8]? { model?.bytes }

    /// A tokenizer of a unit that needs no definition.
    public init(_ unit: TokenUnit) {
        precondition(!unit.needsDefinition, "a tokenizer of \(unit) without a definition")
        (self.unit, definition, model, patternLibrary) = (unit, [], nil, nil)
    }

    /// A tokenizer of regular expressions. Throws `badTokenPattern` (64), `noPatternLibrary` (66).
    public init(pattern: String) throws(TextDataError) {
        _ = try PatternMatcher(pattern)
        self.init(storedPattern: pattern, library: PatternLibrary.version)
    }

    /// The tokenizer of a stored model. The library is not needed before a text is divided, which throws the errors of `init(pattern:)`.
    ///
    /// - Parameter library: the `patternLibrary` of the tokenizer with which the model was trained.
    init(storedPattern pattern: String, library: String) {
        (unit, definition, model, patternLibrary) = (.regex, Array(pattern.utf8), nil, library)
    }

    /// A tokenizer of pieces.
    public init(_ model: SentencePieceModel) {
        (unit, definition, self.model, patternLibrary) = (.sentencepiece, model.bytes, model, nil)
    }

    /// A tokenizer with the definition of another one.
    ///
    /// Throws `badSentencePieceModel` (65).
    public init(_ unit: TokenUnit, definition: [UInt8], source: String) throws(TextDataError) {
        switch unit {
        case .regex:
            self.init(storedPattern: String(decoding: definition, as: UTF8.self), library: PatternLibrary.version)
        case .sentencepiece: self.init(try SentencePieceModel(definition, source: source))
        case .word, .char, .byte, .integers: self.init(unit)
        }
    }
}

extension Tokenizer {
    /// This machine's version of a library on which the tokens of a unit depend; empty if there is none.
    public static func libraryVersion(for unit: TokenUnit) -> String { unit == .regex ? PatternLibrary.version : "" }

    /// Throws `noPatternLibrary` (66), and `otherPatternLibrary` (70) unless this machine's version for a unit is that of rank 0.
    public static func checkLibrary(for unit: TokenUnit, expecting expected: String) throws(TextDataError) {
        guard unit == .regex else { return }
        try PatternLibrary.require()
        let found = PatternLibrary.version
        guard found == expected else { throw .otherPatternLibrary(found: found, expected: expected) }
    }

    /// That another version of the library of regular expressions found the tokens of a model than this machine has; nil if it did not.
    public var libraryNotice: String? {
        let found = PatternLibrary.version
        guard let patternLibrary, patternLibrary != found, !found.isEmpty else { return nil }
        return
            "the tokens of this model were found with \(patternLibrary); this machine has \(found), for which "
            + "classes such as \\w can have other characters"
    }

    /// Throws unless this machine finds the tokens of `source` with the library that found those of the model before: `noPatternLibrary` (66),
    /// `tokensOfOtherLibrary` (70).
    public func requireSameLibrary(for source: String) throws(TextDataError) {
        guard let patternLibrary else { return }
        try PatternLibrary.require()
        let found = PatternLibrary.version
        guard found == patternLibrary else {
            throw .tokensOfOtherLibrary(source: source, found: found, expected: patternLibrary)
        }
    }
}

extension Tokenizer: Equatable {
    public static func == (a: Tokenizer, b: Tokenizer) -> Bool { a.unit == b.unit && a.definition == b.definition }
}

/// A token in a text.
struct FoundToken {
    /// As in the text; of a piece, the text of the piece, if it is not unknown; `<eos>` and `</s>` for a line end.
    let bytes: UnsafeRawBufferPointer
    /// The number of a piece; nil for a token that a vocabulary numbers.
    var id: Int32?
    var endsLine = false
    /// The part of the text that a piece stands for; nil if it is `bytes`, or was not asked for.
    var source: UnsafeRawBufferPointer?
    /// The part of the line before a piece that no piece stands for; nil if sources were not asked for.
    var gap: UnsafeRawBufferPointer?
}

/// A text in which tokens are searched, for the places in errors.
struct SearchedText {
    let whole: UnsafeRawBufferPointer
    let name: String

    func offset(of part: UnsafeRawBufferPointer) -> Int {
        guard let start = part.baseAddress, let base = whole.baseAddress else { return 0 }
        return start - base
    }
}

/// The units whose tokens are found one after another. Units without a definition other than integers have faster loops of their own.
extension Tokenizer {
    /// Passes the tokens of `piece` to `take`. With `endsLastLine`, a last line without a line feed gets an end, if ends are symbols of their own.
    ///
    /// Throws `notAnInteger`, `noMatch`, `matchFailed`, `sentencePieceFailed` (65), `noPatternLibrary`, `noSentencePieceLibrary` (66), and the errors of `take`.
    ///
    /// - Parameter withSources: whether pieces have a `source`, for which they are encoded a second time.
    func forEachToken(
        of piece: UnsafeRawBufferPointer, in text: SearchedText, endsLastLine: Bool, withSources: Bool = false,
        _ take: (FoundToken) throws(TextDataError) -> Void
    ) throws(TextDataError) {
        switch unit {
        case .integers: try forEachInteger(piece, text, endsLastLine: endsLastLine, take)
        case .regex: try forEachMatch(piece, text, take)
        case .sentencepiece: try forEachPiece(piece, endsLastLine: endsLastLine, withSources: withSources, take)
        case .word, .char, .byte: preconditionFailure("\(unit) has a loop of its own")
        }
    }

    private func forEachInteger(
        _ piece: UnsafeRawBufferPointer, _ text: SearchedText, endsLastLine: Bool,
        _ take: (FoundToken) throws(TextDataError) -> Void
    ) throws(TextDataError) {
        var words = WordScanner(piece, endsLastLine: endsLastLine)
        while let word = words.next() {
            let bytes = UnsafeRawBufferPointer(start: word.start, count: word.count)
            let endsLine = words.isLineEnd(word)
            if !endsLine, !Self.isInteger(bytes) {
                let word = String(decoding: bytes, as: UTF8.self)
                throw .notAnInteger(source: text.name, byteOffset: text.offset(of: bytes), word: word)
            }
            try take(FoundToken(bytes: bytes, endsLine: endsLine))
        }
    }

    /// Whether a word is a whole number in its only form: digits, without leading zeros.
    private static func isInteger(_ word: UnsafeRawBufferPointer) -> Bool {
        word.allSatisfy { (0x30...0x39).contains($0) } && (word.count == 1 || word.first != 0x30)
    }

    private func forEachMatch(
        _ piece: UnsafeRawBufferPointer, _ text: SearchedText, _ take: (FoundToken) throws(TextDataError) -> Void
    ) throws(TextDataError) {
        let matcher = try PatternMatcher(String(decoding: definition, as: UTF8.self))
        var lines = LineScanner(piece)
        while let line = lines.next() {
            if let gap = try matcher.forEachMatch(in: line.bytes, take) {
                let rest = UnsafeRawBufferPointer(rebasing: line.bytes[gap.offset...])
                let scalar = String(decoding: rest.prefix(4), as: UTF8.self).unicodeScalars.first ?? "\u{FFFD}"
                let offset = text.offset(of: rest)
                if case .failure(let reason) = gap.reason {
                    throw .matchFailed(source: text.name, byteOffset: offset, pattern: matcher.pattern, reason: reason)
                }
                throw .noMatch(
                    source: text.name, byteOffset: offset, scalar: scalar, pattern: matcher.pattern,
                    isEmptyMatch: gap.reason == .emptyMatch)
            }
            if line.isEnded { try take(FoundToken(bytes: SpecialSymbol.lineFeed.buffer, endsLine: true)) }
        }
    }

    private func forEachPiece(
        _ piece: UnsafeRawBufferPointer, endsLastLine: Bool, withSources: Bool,
        _ take: (FoundToken) throws(TextDataError) -> Void
    ) throws(TextDataError) {
        // An empty text, such as no prompt, needs no library.
        guard let model, !piece.isEmpty else { return }
        let (encoder, table) = (try model.loadedEncoder(), model.symbols)
        var lines = LineScanner(piece)
        while let line = lines.next() {
            let ids = try encoder.ids(line.bytes)
            let places = withSources ? try encoder.places(line.bytes, count: ids.count) : []
            let ends = [0] + places.map(\.upperBound)
            for (index, id) in ids.enumerated() {
                let source = withSources ? line.part(places[index]) : nil
                let gap = withSources ? line.part(ends[index]..<max(ends[index], places[index].lowerBound)) : nil
                let piece = table.table.bytes(Int(id))
                try take(FoundToken(bytes: id == model.unknown ? source ?? piece : piece, id: id, source: source, gap: gap))
            }
            guard line.isEnded || endsLastLine else { continue }
            let rest = withSources ? line.part(ends[ids.count]..<line.bytes.count) : nil
            try take(FoundToken(bytes: table.table.bytes(Int(model.lineEnd)), id: model.lineEnd, endsLine: true, gap: rest))
        }
    }
}
