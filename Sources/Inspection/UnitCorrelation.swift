package import Runs
import Tensors

/// A property of a text that a hidden unit may follow.
package enum TextProperty: String, CaseIterable, Sendable {
    /// 1 within quotation marks, otherwise 0.
    case quotes
    /// The characters since the last line end.
    case lineLength = "line-length"

    /// The value after each token. A token is the part of the text that it stands for, such as some bytes of a character, which counts after its last byte;
    /// nil is a line end that is not in the text of a token. `separates`: one blank stands after each token.
    package func values(of tokens: [[UInt8]?], separates: Bool) -> [Double] {
        var reader = PropertyReader()
        return tokens.map { token in
            guard let token else {
                reader.endLine()
                return value(reader)
            }
            for byte in token { reader.read(byte) }
            if separates { reader.lineLength += 1 }
            return value(reader)
        }
    }

    private func value(_ reader: PropertyReader) -> Double {
        switch self {
        case .quotes: reader.isQuoted ? 1 : 0
        case .lineLength: Double(reader.lineLength)
        }
    }
}

/// What is known of a text so far.
private struct PropertyReader {
    var isQuoted: Bool { !openMarks.isEmpty }
    var lineLength = 0
    /// The marks that have opened a quotation, from the outermost one.
    private var openMarks: [Unicode.Scalar] = []
    /// The marks that open quotations in this text: of each pair whose marks both open in some language, the one that came first.
    private var leadingMarks: Set<Unicode.Scalar> = []
    private var last: Unicode.Scalar?
    /// The bytes of a character whose last byte is not read yet.
    private var begun: [UInt8] = []

    mutating func endLine() {
        begun.removeAll()
        lineLength = 0
    }

    /// Bytes that are not UTF-8 are characters of their own.
    mutating func read(_ byte: UInt8) {
        let continues = byte & 0xC0 == 0x80
        if !begun.isEmpty, !continues { readBegun() }
        begun.append(byte)
        if begun.count == Self.byteCount(of: begun[0]) { readBegun() }
    }

    private mutating func readBegun() {
        for scalar in String(decoding: begun, as: UTF8.self).unicodeScalars { read(scalar) }
        begun.removeAll()
    }

    /// The bytes of a character that begins with `first`; 1 for a byte that begins none.
    private static func byteCount(of first: UInt8) -> Int {
        switch first {
        case 0xC2...0xDF: 2
        case 0xE0...0xEF: 3
        case 0xF0...0xF4: 4
        default: 1
        }
    }

    private mutating func read(_ scalar: Unicode.Scalar) {
        readMark(scalar)
        lineLength = scalar == "\n" ? 0 : lineLength + 1
        last = scalar
    }

    /// Quotation marks are `"`, those of typography but the single ones, of which one is an apostrophe, and those of the Penn Treebank, two grave
    /// accents and two apostrophes. A mark that opens in one language closes in another.
    private mutating func readMark(_ scalar: Unicode.Scalar) {
        switch scalar {
        case "\"", "\u{FF02}": readStraight()
        case "\u{300C}", "\u{300E}": open(scalar)
        case "\u{201E}":
            _ = leads(scalar, "\u{201C}")
            open(scalar)
        case "\u{201C}":
            let opens = leads(scalar, "\u{201E}") && !openMarks.contains("\u{201E}")
            if opens { open(scalar) } else { close("\u{201E}") }
        case "\u{201D}": close(openMarks.contains("\u{201C}") ? "\u{201C}" : "\u{201E}")
        case "\u{AB}": turn(scalar, "\u{BB}")
        case "\u{BB}": turn(scalar, "\u{AB}")
        case "\u{2039}": turn(scalar, "\u{203A}")
        case "\u{203A}": turn(scalar, "\u{2039}")
        case "\u{300D}": close("\u{300C}")
        case "\u{300F}": close("\u{300E}")
        case "`" where last == "`": open("`")
        case "'" where last == "'": close("`")
        default: break
        }
    }

    /// A mark at the start of each paragraph of a long quotation opens it once.
    private mutating func open(_ mark: Unicode.Scalar) { if !openMarks.contains(mark) { openMarks.append(mark) } }

    /// Ends the quotation that `mark` opened, and those within it; all of them if it opened none.
    private mutating func close(_ mark: Unicode.Scalar) { openMarks.removeSubrange((openMarks.lastIndex(of: mark) ?? 0)...) }

    /// Whether `mark` comes before `opposite` in the text.
    private mutating func leads(_ mark: Unicode.Scalar, _ opposite: Unicode.Scalar) -> Bool {
        if !leadingMarks.contains(opposite) { leadingMarks.insert(mark) }
        return leadingMarks.contains(mark)
    }

    /// The first guillemet of the text opens quotations, and the opposite one closes them. If the first one points to the right, it also closes those
    /// that it has opened, as in Swedish. A closing guillemet without an opening one has no effect.
    private mutating func turn(_ mark: Unicode.Scalar, _ opposite: Unicode.Scalar) {
        let pointsRight = mark == "\u{BB}" || mark == "\u{203A}"
        if !leads(mark, opposite) {
            if openMarks.contains(opposite) { close(opposite) }
        } else if pointsRight, openMarks.contains(mark) {
            close(mark)
        } else {
            open(mark)
        }
    }

    /// `"` closes the quotation that `"`, or else one of the typographic marks of the same shape, has opened. Otherwise it opens one, also within
    /// guillemets and brackets.
    private mutating func readStraight() {
        if openMarks.contains("\"") {
            close("\"")
        } else if let innermost = openMarks.last, ["\u{201C}", "\u{201E}", "`"].contains(innermost) {
            close(innermost)
        } else {
            open("\"")
        }
    }
}

/// How closely a hidden unit follows a property of a text.
package struct UnitCorrelation: Sendable {
    package let unit: TextActivity.Unit
    /// Pearson's correlation of h after each token with the property; 0 for a unit that does not change.
    package let correlation: Double

    /// The correlations of all units of all layers, the largest magnitude first, of a model of one stream that reads `tokens` from its initial
    /// state. Throws `StoredRunError.overflow` if a state is not finite.
    package static func all(
        _ inspected: InspectedModel, _ tokens: [Int32], values: [Double], checkpoint: String
    ) throws(StoredRunError) -> [UnitCorrelation] {
        let layers = 0..<inspected.shape.layers
        var sums = layers.map { _ in CorrelationSums(units: inspected.shape.layerSize) }
        let mean = values.reduce(0, +) / Double(max(values.count, 1))
        inspected.model.resetState()
        for start in stride(from: 0, to: tokens.count, by: inspected.steps) {
            let window = Array(tokens[start..<min(start + inspected.steps, tokens.count)])
            inspected.model.forward(window, steps: window.count)
            try inspected.requireFiniteStates(after: start, rows: window.count, checkpoint: checkpoint)
            for layer in layers {
                sums[layer].add(inspected.model.hidden(ofLayer: layer), values[start..<(start + window.count)], mean: mean)
            }
            inspected.model.carryState(steps: window.count)
        }
        let found = layers.flatMap { layer in
            sums[layer].correlations.enumerated().map { index, value in
                UnitCorrelation(unit: TextActivity.Unit(layer: layer, index: index), correlation: value)
            }
        }
        return found.enumerated().sorted { a, b in
            let (x, y) = (abs(a.element.correlation), abs(b.element.correlation))
            return x != y ? x > y : a.offset < b.offset
        }.map(\.element)
    }
}

/// The sums of which the correlations of the units of a layer are computed; those of the property are around its mean.
private struct CorrelationSums {
    private var count = 0.0
    private var squares = 0.0
    private var h: [Double]
    private var hh: [Double]
    private var products: [Double]

    init(units: Int) {
        h = [Double](repeating: 0, count: units)
        (hh, products) = (h, h)
    }

    mutating func add(_ hidden: MatrixView, _ values: ArraySlice<Double>, mean: Double) {
        for (row, value) in values.enumerated() {
            let (x, difference) = (hidden.pointer + row * hidden.rowStride, value - mean)
            count += 1
            squares += difference * difference
            for unit in h.indices {
                let value = Double(x[unit])
                h[unit] += value
                hh[unit] += value * value
                products[unit] += value * difference
            }
        }
    }

    var correlations: [Double] {
        h.indices.map { unit in
            let variance = hh[unit] - h[unit] * h[unit] / max(count, 1)
            guard variance > 1e-12 * hh[unit], squares > 0 else { return 0 }
            return products[unit] / (variance * squares).squareRoot()
        }
    }
}
