import Foundation
import TestSupport
import TextData
import Testing

/// Compares with the ids and texts of PyPI's sentencepiece. The fixture comes from Tests/Reference/sentencepiece_ids.py.
@Suite("SentencePiece")
struct SentencePieceTests {
    private struct Fixture: Decodable {
        let kind, model: String
        let lines: [String]
        let ids: [[Int32]]
        let texts: [String]

        func read() throws -> SentencePieceModel {
            try SentencePieceModel(Array(Data(base64Encoded: model) ?? Data()), source: kind)
        }
    }

    private static let fixtures = Result {
        let url = try #require(Bundle.module.url(forResource: "Fixtures/sentencepiece", withExtension: "json"))
        return try JSONDecoder().decode([Fixture].self, from: Data(contentsOf: url))
    }

    private static func vocabulary(_ model: SentencePieceModel, _ text: String) throws -> Vocabulary {
        try Vocabulary(counting: source(text, .sentencepiece), tokenizer: Tokenizer(model))
    }

    /// Needs no library: a checkpoint generates text without it.
    @Test("Pieces become the text that SentencePiece makes of them", arguments: [0, 1])
    func decoding(number: Int) throws {
        let fixture = try Self.fixtures.get()[number]
        let vocabulary = Vocabulary(
            tokenizer: Tokenizer(try fixture.read()), records: try Self.records(fixture.read()))
        for (ids, text) in zip(fixture.ids, fixture.texts) {
            #expect(vocabulary.decode(ids).replacing("<unk>", with: " ⁇ ") == text, "\(fixture.kind) \(ids)")
        }
        let end = try #require(vocabulary.endOfLineID)
        let two = fixture.ids[0] + [end] + fixture.ids[1]
        #expect(vocabulary.decode(two) == fixture.texts[0] + "\n" + fixture.texts[1])
    }

    @Test("Pieces that are bytes become whole characters; bytes that are none become U+FFFD, and so does a line feed")
    func bytePieces() throws {
        let model = try Self.fixtures.get()[1].read()
        let vocabulary = Vocabulary(tokenizer: Tokenizer(model), records: try Self.records(model))
        let piece = { try #require(vocabulary.id(of: $0), "\($0)") }
        func texts(_ symbols: [String]) throws -> [String] {
            var decoder = TokenDecoder(vocabulary)
            var texts = try symbols.map { symbol in
                var bytes: [UInt8] = []
                decoder.append(try piece(symbol), to: &bytes)
                return String(decoding: bytes, as: UTF8.self)
            }
            var rest: [UInt8] = []
            decoder.end(to: &rest)
            texts.append(String(decoding: rest, as: UTF8.self))
            return texts
        }
        #expect(try texts(["<0xE8>", "<0xAA>", "<0x9E>", "ra"]) == ["", "", "語", "ra", ""])
        #expect(try texts(["<0xE8>", "<0xAA>"]) == ["", "", "\u{FFFD}"])
        #expect(try texts(["<0xE8>", "ra", "<0xAA>"]) == ["", "\u{FFFD}ra", "\u{FFFD}", ""])
        #expect(try texts(["<0xE8>", "<0x41>", "<0x0A>", "<0xFF>"]) == ["", "\u{FFFD}A", "\u{FFFD}", "\u{FFFD}", ""])
        #expect(try texts(["<0xC3>", "</s>"]) == ["", "\u{FFFD}\n", ""])
    }

    /// The symbols of a model with counts of 0.
    private static func records(_ model: SentencePieceModel) throws -> [UInt8] { SymbolCounts(Tokenizer(model)).records() }

    @Test("A file that is no model, or a damaged one, is an error that says so")
    func damage() throws {
        let bytes = try Self.fixtures.get()[0].read().bytes
        let cut = textDataError { _ = try SentencePieceModel(Array(bytes.prefix(bytes.count / 2)), source: "a.model") }
        #expect(cut?.description.hasPrefix("a.model: this is not a SentencePiece model that can be used: ") == true)
        for other in [Array("plain text".utf8), [], [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F]] {
            #expect(textDataError { _ = try SentencePieceModel(other, source: "a") }?.exitStatus == .badData)
        }
    }

    @Test(
        "The ids of texts and prompts are those of PyPI's package", .enabled(if: SentencePieceLibrary.isInstalled),
        arguments: [0, 1])
    func ids(number: Int) throws {
        let fixture = try Self.fixtures.get()[number]
        let text = fixture.lines.joined(separator: "\n")
        let vocabulary = try Self.vocabulary(fixture.read(), text)
        let end = try #require(vocabulary.endOfLineID)
        let expected = fixture.ids.flatMap { $0 + [end] }
        #expect(try tokens(source(text, .sentencepiece), vocabulary) == expected)
        #expect(try tokens(source(text.replacing("\n", with: "\r\n"), .sentencepiece), vocabulary) == expected)
        #expect(try vocabulary.encode(text) == Array(expected.dropLast()), "a prompt has no end of its last line")
        #expect(vocabulary.counts.reduce(0, +) == expected.count)
        var lines: [[Int32]] = []
        try vocabulary.encodeLines(source(text, .sentencepiece)) { lines.append($0.tokens) }
        #expect(lines == fixture.ids.map { $0 + [end] })
        let again = try Vocabulary(jsonText: vocabulary.jsonText(), source: "x")
        #expect(try again == vocabulary && again.encode(text) == vocabulary.encode(text))
    }

    /// The sources are the surfaces of `encode(text, return_type="proto")` of PyPI's package.
    @Test(
        "A piece has its part of the text, without added blanks, and an unknown piece is named by it",
        .enabled(if: SentencePieceLibrary.isInstalled))
    func sources() throws {
        let vocabulary = try Self.vocabulary(Self.fixtures.get()[0].read(), "ra")
        var lines: [(sources: [String], texts: [String])] = []
        try vocabulary.encodeLines(source("  ra  ☃語 tu \n\nra\n", .sentencepiece)) { line in
            lines.append(
                (
                    line.tokens.indices.map { String(decoding: line.source(of: $0), as: UTF8.self) },
                    line.tokens.indices.map { String(decoding: line.bytes(of: $0), as: UTF8.self) }
                ))
        }
        try #require(lines.count == 3)
        #expect(lines[0].sources.dropLast().joined() == "ra  ☃語 tu" && lines[0].texts[0] == "\u{2581}ra", "\(lines[0])")
        #expect(lines[0].texts.contains("☃語") && lines[1].sources == ["</s>"] && lines[2].sources.first == "ra", "\(lines)")
        let prompt = try vocabulary.encode(prompt: Array("ra ☃ tu".utf8), skippingUnknown: false)
        #expect(prompt.unknown.count == 1 && prompt.unknown.first == "☃" && prompt.unknown.byteOffset == 3, "\(prompt)")
    }

    @Test("Training gives the same model each time, of the requested size", .enabled(if: SentencePieceLibrary.isInstalled))
    func training() throws {
        let text = (0..<600).map { "wort\($0 % 37) stück\($0 % 11) ende\($0 % 5)\n" }.joined()
        let opened = OpenedText(name: "t", bytes: Array(text.utf8), unit: .sentencepiece)
        let model = try SentencePieceModel(training: opened, size: 60)
        let again = try SentencePieceModel(training: opened, size: 60)
        #expect((20...60).contains(model.size) && model.bytes == again.bytes)
        let vocabulary = try Self.vocabulary(model, text)
        #expect(try vocabulary.decode(tokens(source(text, .sentencepiece), vocabulary)) == text)
        func failure(_ text: String) -> TextDataError? {
            textDataError {
                _ = try SentencePieceModel(
                    training: OpenedText(name: "t", bytes: Array(text.utf8), unit: .sentencepiece), size: 4)
            }
        }
        #expect(
            failure("a\n")?.description.hasPrefix("--vocabulary-size 4: t needs 5 pieces or more, ") == true,
            "\(String(describing: failure("a\n")))")
        // The library ends the process for texts of which its normalisation leaves nothing.
        for text in [
            "\n\n", "  \n \n", "\u{200B}\n", "\u{2581}\n", "\t\u{A0}\u{3000}\u{2028}\n", "\u{1}\u{7F}\u{FFFD}\n",
            "\u{2585}\n", " \u{2585}\u{2585} ",
        ] {
            #expect(failure(text) == .nothingToTrain(source: "t"), "\(text.debugDescription)")
        }
    }

    @Test("Training learns from both parts of a line with U+2585", .enabled(if: SentencePieceLibrary.isInstalled))
    func reservedCharacter() throws {
        let text = (0..<100).map { "wort\($0 % 7)\u{2585}stück ende\($0 % 5)\u{2585}\n" }.joined()
        let opened = OpenedText(name: "t", bytes: Array(text.utf8), unit: .sentencepiece)
        let vocabulary = try Self.vocabulary(SentencePieceModel(training: opened, size: 40), text)
        let unknown = try #require(vocabulary.unknownID)
        let found = try vocabulary.encode("wort1\u{2585}stück ende2")
        #expect(found.count { $0 == unknown } == 1, "\(found.map { vocabulary.symbol(of: $0) })")
        #expect(vocabulary.id(of: "\u{2585}") == nil)
    }

    @Test("A model that the library refuses is named, in one sentence", .enabled(if: SentencePieceLibrary.isInstalled))
    func refusedModel() throws {
        // A second piece of the kind of <unk>: the library allows one.
        let second: [UInt8] = [0x0A, 0x07, 0x0A, 0x03] + Array("<x>".utf8) + [0x18, 0x02]
        let model = try SentencePieceModel(Self.fixtures.get()[0].read().bytes + second, source: "a.model")
        let error = textDataError { _ = try Self.vocabulary(model, "ra") }
        let message = error?.description ?? ""
        #expect(message.hasPrefix("a.model: this is not a SentencePiece model that can be used: "), "\(message)")
        #expect(message.hasSuffix(".") && !message.hasSuffix(".."), "\(message)")
    }

    @Test("A vocabulary whose symbols are not the pieces of its model is refused")
    func forged() throws {
        let model = try Self.fixtures.get()[0].read()
        let json = Vocabulary(tokenizer: Tokenizer(model), records: try Self.records(model)).jsonText()
        let error = textDataError { _ = try Vocabulary(jsonText: json.replacing("\"</s>\"", with: "\"</t>\""), source: "x") }
        #expect(error == .badVocabulary(source: "x", reason: "the symbols are not the pieces of its model"))
    }
}
