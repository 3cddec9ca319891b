/// The lines of an ARPA file, with their numbers from 1.
struct ARPALines {
    let path: String
    private var position: UnsafePointer<UInt8>
    private let end: UnsafePointer<UInt8>
    /// The number of the current line.
    private(set) var number = 0
    /// The fields of the current line, separated by tabs and blanks.
    private(set) var fields: [UnsafeRawBufferPointer] = []

    /// Whether a line is `\data\`, perhaps after the mark of UTF-8.
    static func isStart(_ line: String) -> Bool {
        let scalars = line.unicodeScalars.filter { $0 != "\u{FEFF}" && !$0.properties.isWhitespace }
        return String(String.UnicodeScalarView(scalars)) == "\\data\\"
    }

    init(_ bytes: UnsafeRawBufferPointer, path: String) {
        self.path = path
        position = bytes.baseAddress!.assumingMemoryBound(to: UInt8.self)
        end = position + bytes.count
    }

    /// Moves to the next line. False at the end of the file.
    mutating func next() -> Bool {
        fields.removeAll(keepingCapacity: true)
        number += 1
        guard position < end else { return false }
        while position < end, position.pointee != 0x0A {
            let byte = position.pointee
            if byte == 0x20 || byte == 0x09 || byte == 0x0D {
                position += 1
                continue
            }
            let start = position
            while position < end, position.pointee > 0x20 || !Self.endsField(position.pointee) { position += 1 }
            fields.append(UnsafeRawBufferPointer(start: start, count: position - start))
        }
        if position < end { position += 1 }
        return true
    }

    /// Moves to the next line that is not empty. False at the end of the file.
    mutating func nextNotEmpty() -> Bool {
        while next() { if !fields.isEmpty { return true } }
        return false
    }

    @inline(__always)
    private static func endsField(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }

    /// The current line, for comparison and messages.
    var text: String { fields.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ") }

    func malformed(_ reason: String) -> ARPAError { .malformed(path: path, line: number, reason: reason) }
}

/// Decimal numbers of ARPA files.
enum ARPANumber {
    private static let powers: [Double] = (0...22).map { power in (0..<power).reduce(1.0) { value, _ in value * 10 } }

    /// The value of `-1.2345`, `-1e-05` and the like; nil if it is not a finite decimal number.
    static func value(_ field: UnsafeRawBufferPointer) -> Float? {
        var index = 0
        let isNegative = field.first == UInt8(ascii: "-")
        if isNegative { index = 1 }
        var (mantissa, digits, decimals) = (0, 0, 0)
        var isFraction = false
        while index < field.count {
            let byte = field[index]
            if byte == UInt8(ascii: "."), !isFraction {
                isFraction = true
            } else if byte >= 0x30, byte <= 0x39, digits < 18 {
                mantissa = mantissa * 10 + Int(byte - 0x30)
                digits += 1
                if isFraction { decimals += 1 }
            } else {
                return slowValue(field)
            }
            index += 1
        }
        guard digits > 0 else { return nil }
        // An exact mantissa and an exact power: the quotient is rounded once, and to Float once more.
        let value = Double(mantissa) / powers[decimals]
        return Float(isNegative ? -value : value)
    }

    /// Numbers with an exponent or many digits.
    private static func slowValue(_ field: UnsafeRawBufferPointer) -> Float? {
        // Swift also reads hexadecimal numbers, infinities and NaN.
        guard field.allSatisfy({ (0x30...0x39).contains($0) || "+-.eE".utf8.contains($0) }),
            let value = Float(String(decoding: field, as: UTF8.self)), value.isFinite
        else { return nil }
        return value
    }
}
