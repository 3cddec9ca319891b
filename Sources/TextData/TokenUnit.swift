/// The unit of a token; the values of `--tokens`.
public enum TokenUnit: String, Codable, CaseIterable, Sendable {
    /// A word, delimited by whitespace, with `<eos>` after every line.
    case word
    /// A Unicode scalar, including line ends.
    case char
    /// A byte of the file.
    case byte
}
