import Glibc

/// Bytes that are no UTF-8 in a text, such as the name of a file.
///
/// The system takes any bytes as a name, but a Swift `String` holds Unicode only. In the texts of this program, such a byte is a scalar of a private-use
/// area, U+10F700 + byte, so that a name can be shown, stored and sent, and opens the same file again. (Python's `surrogateescape` does the same with
/// scalars that UTF-8 cannot hold.)
public enum RawByte {
    private static let base: UInt32 = 0x10F700
    /// The first byte of these scalars in UTF-8.
    private static let lead: UInt8 = 0xF4

    /// The byte for which a scalar stands; nil for any other scalar.
    public static func byte(of scalar: Unicode.Scalar) -> UInt8? {
        guard scalar.value >= base + 0x80, scalar.value <= base + 0xFF else { return nil }
        return UInt8(scalar.value - base)
    }

    /// The text of any bytes.
    public static func text(of bytes: some Collection<UInt8>) -> String {
        if !bytes.contains(lead), let text = String(validating: bytes, as: UTF8.self) { return text }
        var text = String.UnicodeScalarView()
        var rest = bytes[...]
        while let first = rest.first {
            if let (scalar, count) = scalar(at: rest) {
                text.append(scalar)
                rest = rest.dropFirst(count)
            } else {
                text.append(first < 0x80 ? Unicode.Scalar(first) : Unicode.Scalar(base + UInt32(first))!)
                rest = rest.dropFirst()
            }
        }
        return String(text)
    }

    /// The bytes of a text.
    public static func bytes(of text: String) -> [UInt8] {
        guard text.utf8.contains(lead) else { return Array(text.utf8) }
        return text.unicodeScalars.flatMap { scalar in byte(of: scalar).map { [$0] } ?? Array(String(scalar).utf8) }
    }

    /// Calls the body with the bytes of a text as a C string. The value of `errno` after the call is that after the body.
    public static func withCString<Result>(_ text: String, _ body: (UnsafePointer<CChar>) -> Result) -> Result {
        guard text.utf8.contains(lead) else { return text.withCString(body) }
        return (bytes(of: text).map { CChar(bitPattern: $0) } + [0]).withUnsafeBufferPointer { body($0.baseAddress!) }
    }

    /// The text of a C string.
    public static func text(cString: UnsafePointer<CChar>) -> String {
        cString.withMemoryRebound(to: UInt8.self, capacity: strlen(cString)) { pointer in
            text(of: UnsafeBufferPointer(start: pointer, count: strlen(cString)))
        }
    }

    /// The valid scalar at the start of the bytes with its number of bytes. Nil for an invalid one, and for one that stands for a byte: its bytes are taken
    /// one by one, so that no two names have the same text.
    private static func scalar(at bytes: some Collection<UInt8>) -> (Unicode.Scalar, Int)? {
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        guard case .scalarValue(let scalar) = decoder.decode(&iterator), byte(of: scalar) == nil else { return nil }
        return (scalar, UTF8.width(scalar))
    }
}
