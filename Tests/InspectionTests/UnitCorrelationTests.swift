import Foundation
import Inspection
import Kinds
import Layers
import Models
import Runs
import Tensors
import TestSupport
import Testing

@Suite("Correlations of units with a property of a text")
struct UnitCorrelationTests {
    @Test("Quotes are open after an opening and closed after a closing mark, of each kind")
    func quotes() {
        func values(_ text: String) -> [Double] {
            TextProperty.quotes.values(of: text.map { Array(String($0).utf8) }, separates: false)
        }
        #expect(values("a\"b\"c") == [0, 1, 1, 0, 0])
        #expect(values("\u{201C}b\u{201D}c") == [1, 1, 0, 0])
        #expect(values("``b''c'") == [0, 1, 1, 1, 0, 0, 0])
        for text in ["„b“c", "„b”c", "«b»c", "»b«c", "»b»c", "‹b›c", "「b」c", "＂b＂c"] {
            #expect(values(text) == [1, 1, 0, 0], "\(text)")
        }
        #expect(values("“b\n“c”d") == [1, 1, 1, 1, 1, 0, 0] && values("「a『b』c」d") == [1, 1, 1, 1, 1, 1, 0, 0])
        #expect(values("it’s ‘a’") == [0, 0, 0, 0, 0, 0, 0, 0])
        let words = ["he", "\"", "so", "it's\"", nil, "x"].map { $0.map { Array($0.utf8) } }
        #expect(TextProperty.quotes.values(of: words, separates: true) == [0, 1, 1, 0, 0, 0])
    }

    @Test(
        "Nested, repeated, missing and mixed quotation marks do not invert what follows",
        arguments: [
            ("«x\"1\"x»0«x»0«x»0", "of the kind that opens and closes, within guillemets"),
            ("«1\n«1»0«1»0«1»0", "at the start of each paragraph"),
            ("«1«1»0", "a closing mark is missing"),
            ("‹1‹1›0‹1›0", "of single guillemets"),
            ("»1«0»1«0«0»1«0", "the mirror"),
            ("»1»0»1»0", "Swedish"),
            ("«1\"1»0«1»0\"1\"0", "an inch sign"),
            ("\"1«1»1\"0«1»0", "guillemets within"),
            ("「1\"1\"1」0", "within brackets"),
            ("«1«1»0»0«1»0", "the same kind within"),
            ("„1“0”0“0„1“0", "“ and ” within „ and “"),
            ("“1”0„1“0“1”0", "of two languages"),
            ("„1\"0„1\"0", "a closing mark of a typewriter"),
            ("\"1»1\"0\"1\"0", "a single guillemet within"),
        ])
    func recoveredQuotes(text: String, reason: String) {
        let values = TextProperty.quotes.values(of: text.map { Array(String($0).utf8) }, separates: false)
        for (character, value) in zip(text, values) where character == "0" || character == "1" || character == "x" {
            #expect(value == (character == "0" ? 0 : 1), "\(text): \(reason), \(values)")
        }
    }

    @Test("The length of a line starts again after a line end, in characters, of words with a blank each")
    func lineLength() {
        let characters = "aß\nb".map { Array(String($0).utf8) }
        #expect(TextProperty.lineLength.values(of: characters, separates: false) == [1, 2, 0, 1])
        let words = ["he", "ßo", nil, "x"].map { $0.map { Array($0.utf8) } }
        #expect(TextProperty.lineLength.values(of: words, separates: true) == [3, 6, 0, 2])
    }

    @Test("The bytes of a character count as one, after the last; a byte that is not UTF-8 counts as a character")
    func bytes() {
        func values(_ property: TextProperty, _ bytes: [UInt8]) -> [Double] {
            property.values(of: bytes.map { [$0] }, separates: false)
        }
        #expect(values(.lineLength, Array("aß\n€".utf8)) == [1, 1, 2, 0, 0, 0, 1])
        #expect(values(.lineLength, [0xC3, 0x61, 0xFF, 0x80, 0xE2, 0x82, 0x0A]) == [0, 2, 3, 4, 4, 4, 0])
        #expect(values(.quotes, Array("\u{201C}b\u{201D}".utf8)) == [0, 0, 1, 1, 1, 1, 0])
        let tokens = [[], [], Array("ß".utf8), Array(" ab".utf8)]
        #expect(TextProperty.lineLength.values(of: tokens, separates: false) == [0, 0, 1, 4])
    }

    @Test("Correlations are Pearson's of the activations; the unit that is the property is the first")
    func correlations() throws {
        let shape = ModelShape(cell: .lstm, layers: 2, vocabularySize: 7, embeddingSize: 4, hiddenSize: 5)
        var random = SeededRandom(state: 3)
        let tokens = (0..<23).map { _ in Int32.random(in: 0..<7, using: &random) }
        func model() throws -> InspectedModel {
            var random = SeededRandom(state: 5)
            return try InspectedModel(shape, steps: 6, streams: 1) { values, layout in
                for entry in layout.entries {
                    for index in 0..<entry.count { values[entry.offset + index] = Float.random(in: -1...1, using: &random) }
                }
            }
        }
        func activations(_ layer: Int, _ index: Int) throws -> [Double] {
            let activity = try TextActivity(model(), tokens, unit: .init(layer: layer, index: index), checkpoint: "")
            return activity.places.compactMap(\.activation)
        }
        let property = try activations(1, 3)
        let found = try UnitCorrelation.all(model(), tokens, values: property, checkpoint: "")
        #expect(found.count == 10 && found[0].unit == .init(layer: 1, index: 3) && abs(found[0].correlation - 1) < 1e-12)
        let magnitudes = found.map { abs($0.correlation) }
        #expect(magnitudes == magnitudes.sorted(by: >))
        for entry in found {
            let expected = pearson(try activations(entry.unit.layer, entry.unit.index), property)
            #expect(abs(entry.correlation - expected) < 1e-9, "\(entry)")
        }
    }

    @Test("Figures of states that are not finite are an error with the place")
    func overflow() throws {
        var settings = Settings()
        settings[CellSettings.nonlinearity] = .relu
        let shape = ModelShape(
            cell: .elman, settings: settings, layers: 1, vocabularySize: 7, embeddingSize: 4, hiddenSize: 5)
        func model() throws -> InspectedModel {
            try InspectedModel(shape, steps: 6, streams: 1) { values, layout in
                for index in 0..<layout.elementCount { values[index] = 1e10 }
            }
        }
        let tokens = [Int32](repeating: 1, count: 23)
        let property = tokens.indices.map { Double($0 % 3) }
        #expect(throws: StoredRunError.overflow(checkpoint: "c", place: "token 3 of the text")) {
            try UnitCorrelation.all(model(), tokens, values: property, checkpoint: "c")
        }
        #expect(throws: StoredRunError.overflow(checkpoint: "c", place: "token 3 of the text")) {
            try TextActivity(model(), tokens, unit: nil, checkpoint: "c")
        }
    }

    private func pearson(_ x: [Double], _ y: [Double]) -> Double {
        let (mx, my) = (x.reduce(0, +) / Double(x.count), y.reduce(0, +) / Double(y.count))
        let product = zip(x, y).reduce(0) { $0 + ($1.0 - mx) * ($1.1 - my) }
        let squares = (x.reduce(0) { $0 + ($1 - mx) * ($1 - mx) }, y.reduce(0) { $0 + ($1 - my) * ($1 - my) })
        return product / (squares.0 * squares.1).squareRoot()
    }
}
