/// What one token of a text is; the values of `--tokens`.
public enum TokenUnit: String, Codable, CaseIterable, Sendable {
    /// A run of characters between whitespace, and `<eos>` after every line.
    case word
    /// A Unicode scalar, line ends included.
    case char
    /// A byte, as it stands in the file.
    case byte
}
