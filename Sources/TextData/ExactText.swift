/// A text that equals another one only if their bytes are equal.
///
/// Swift's String takes two Unicode forms of a text for equal (U+00E9, and U+0065 with U+0301). Words, labels and keys from files are not
/// normalised, so they are compared and looked up as this.
package struct ExactText: Hashable, Sendable {
    package let text: String

    package init(_ text: some StringProtocol) { self.text = String(text) }

    package static func == (one: ExactText, other: ExactText) -> Bool { one.text.utf8.elementsEqual(other.text.utf8) }

    package func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
        hasher.combine(UInt8(0xFF))
    }
}
