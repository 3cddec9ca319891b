import Failures
import Files
import FoundationEssentials

/// JSON format: `{"unit":"word","symbols":["the",…],"counts":[113161,…]}`, in the order of the numbers; bytes as "00" to "ff".
///
/// Matches of a regular expression have its `pattern` and the `library` that found them, and pieces their `model`, the serialised model in Base64.
extension Vocabulary: Codable {
    private enum CodingKeys: String, CodingKey {
        case unit, symbols, counts, pattern, library, model
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(unit, forKey: .unit)
        try container.encode((0..<size).map { writtenSymbol(Int32($0)) }, forKey: .symbols)
        try container.encode(counts, forKey: .counts)
        switch unit {
        case .regex:
            try container.encode(String(decoding: tokenizer.definition, as: UTF8.self), forKey: .pattern)
            try container.encode(tokenizer.patternLibrary, forKey: .library)
        case .sentencepiece: try container.encode(Data(tokenizer.definition).base64EncodedString(), forKey: .model)
        case .word, .char, .byte, .integers: break
        }
    }

    /// Throws `DecodingError` unless the symbols are distinct, valid for the unit, and have one count each.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let unit = try container.decode(TokenUnit.self, forKey: .unit)
        let symbols = try container.decode([String].self, forKey: .symbols)
        let counts = try container.decode([Int].self, forKey: .counts)
        if let defect = Self.defect(unit, symbols, counts) {
            throw DecodingError.dataCorruptedError(forKey: .symbols, in: container, debugDescription: defect)
        }
        var table = unit == .byte ? Self.byteTable() : SymbolTable()
        if unit != .byte {
            for symbol in symbols { Array(symbol.utf8).withUnsafeBytes { _ = table.findOrAdd(ScannedToken($0)) } }
        }
        guard table.count == counts.count else {
            throw DecodingError.dataCorruptedError(forKey: .symbols, in: container, debugDescription: "duplicate symbol")
        }
        self.init(tokenizer: try Self.tokenizer(unit, container, symbols), table: table, counts: counts)
    }

    private static func tokenizer(
        _ unit: TokenUnit, _ container: KeyedDecodingContainer<CodingKeys>, _ symbols: [String]
    ) throws -> Tokenizer {
        func defect(_ key: CodingKeys, _ text: String) -> DecodingError {
            .dataCorruptedError(forKey: key, in: container, debugDescription: text)
        }
        switch unit {
        case .word, .char, .byte, .integers: return Tokenizer(unit)
        case .regex:
            let pattern = try container.decode(String.self, forKey: .pattern)
            guard let library = try container.decodeIfPresent(String.self, forKey: .library) else {
                throw TextDataError.earlierPattern(source: "")
            }
            return Tokenizer(storedPattern: pattern, library: library)
        case .sentencepiece:
            let bytes = Data(base64Encoded: try container.decode(String.self, forKey: .model)) ?? Data()
            guard let model = try? SentencePieceModel(Array(bytes), source: "the SentencePiece model of the vocabulary") else {
                throw defect(.model, "its SentencePiece model is damaged")
            }
            guard (0..<model.size).map({ String(decoding: model.symbols.table.bytes($0), as: UTF8.self) }) == symbols else {
                throw defect(.model, "the symbols are not the pieces of its model")
            }
            return Tokenizer(model)
        }
    }

    private func writtenSymbol(_ id: Int32) -> String {
        unit == .byte ? Self.writtenByte(Int(id)) : symbol(of: id)
    }

    private static func writtenByte(_ byte: Int) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }

    private static func defect(_ unit: TokenUnit, _ symbols: [String], _ counts: [Int]) -> String? {
        if symbols.count != counts.count { return "\(counted(symbols.count, "symbol")) with \(counted(counts.count, "count"))" }
        if symbols.count < 2 { return "\(counted(symbols.count, "symbol")), but 2 or more are needed" }
        if let count = counts.first(where: { $0 < 0 }) { return "a count of \(count)" }
        if symbols.contains(where: \.utf8.isEmpty) { return "an empty symbol" }
        switch unit {
        case .word, .integers: return defect(words: symbols)
        case .regex: return symbols.contains("<unk>") ? nil : "<unk> is missing"
        case .sentencepiece: return nil
        case .char: return defect(characters: symbols)
        case .byte: return symbols == (0..<256).map(writtenByte) ? nil : "the symbols are not the bytes 00 to ff in order"
        }
    }

    private static func defect(words: [String]) -> String? {
        for needed in ["<eos>", "<unk>"] where !words.contains(needed) { return "\(needed) is missing" }
        return nil
    }

    private static func defect(characters: [String]) -> String? {
        let stranger = characters.first { $0.unicodeScalars.count != 1 && $0 != "<unk>" }
        return stranger.map { "\($0.debugDescription) is not a single character" }
    }
}

extension Vocabulary {
    /// The vocabulary as one line of JSON. Equal vocabularies have equal text.
    public func jsonText() -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // JSON can represent a unit, strings and integers without failure.
        guard let data = try? encoder.encode(self) else { preconditionFailure("the vocabulary cannot be written as JSON") }
        return String(decoding: data, as: UTF8.self)
    }

    /// Reads the text of `jsonText`. `source` names its origin in messages. Throws `badVocabulary` (65).
    public init(jsonText: String, source: String) throws(TextDataError) {
        do {
            self = try JSONDecoder().decode(Vocabulary.self, from: Data(jsonText.utf8))
        } catch let DecodingError.dataCorrupted(context) {
            // The decoder's own message about the whole text.
            let isJSON = !context.debugDescription.hasPrefix("The given data was not valid JSON")
            throw .badVocabulary(source: source, reason: isJSON ? context.debugDescription : "it is not valid JSON")
        } catch TextDataError.earlierPattern {
            throw .earlierPattern(source: source)
        } catch let DecodingError.keyNotFound(key, _) {
            throw .badVocabulary(source: source, reason: "it has no \(key.stringValue)")
        } catch {
            throw .badVocabulary(source: source, reason: "a value has the wrong type")
        }
    }

    /// No checkpoint has a larger vocabulary, because its header is limited.
    private static let mostBytes = 100_000_000

    /// Reads `vocabulary.json`. Throws `file` (66, 65, 74), `emptyFile` (65), and `badVocabulary` (65).
    public init(path: String) throws(TextDataError) {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try ReadableFile.contents(of: path, limit: Self.mostBytes)
        } catch {
            throw TextDataError(error)
        }
        if bytes.isEmpty { throw .emptyFile(path: path) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .badVocabulary(source: path, reason: "it is not UTF-8")
        }
        try self.init(jsonText: text, source: path)
    }

    /// Writes `vocabulary.json` atomically and durably. Throws `inputOutput` (74).
    public func write(path: String) throws(TextDataError) {
        do throws(FileError) {
            try DurableFile.write(jsonText() + "\n", to: path)
        } catch {
            throw TextDataError(error)
        }
    }
}
