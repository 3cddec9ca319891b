package import TextData

/// A text of a `DistributedTokenizer`, for calls on rank 0.
package struct TokenizerText {
    /// The text itself.
    package let text: OpenedText
    /// Its number among the opened texts; nil for a text that rank 0 reads alone.
    let number: Int?
}
