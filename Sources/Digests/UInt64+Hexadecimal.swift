extension UInt64 {
    /// The digest as 16 lower-case hexadecimal digits, with leading zeros.
    public var hexadecimal: String {
        let digits = String(self, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }

    /// The digest from the text of `hexadecimal`; nil unless the text is exactly 16 lower-case hexadecimal digits.
    public init?(hexadecimal text: String) {
        guard text.utf8.count == 16, let value = UInt64(text, radix: 16), value.hexadecimal == text else { return nil }
        self = value
    }
}
