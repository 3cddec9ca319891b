package import TextData

/// A text as rank 0 names it to a `DistributedTokenizer`.
package struct TokenizerText {
    /// The text itself.
    package let text: OpenedText
    /// Its number among the opened texts; nil for a text that rank 0 reads alone.
    let number: Int?
}
