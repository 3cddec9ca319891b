/// Limits on the symbols of a vocabulary. The encoder replaces other symbols by `<unk>`.
public struct VocabularyLimits: Sendable, Equatable {
    /// The maximum number of symbols, including `<eos>` and `<unk>`; nil for no limit (`--vocabulary-size`).
    public var size: Int?
    /// The minimum number of occurrences of a symbol (`--minimum-count`).
    public var minimumCount: Int

    public init(size: Int? = nil, minimumCount: Int = 1) {
        self.size = size
        self.minimumCount = minimumCount
    }

    /// Throws `badVocabularyLimits` (64) if no vocabulary of the unit can satisfy the limits.
    func check(for unit: TokenUnit) throws(TextDataError) {
        if unit == .byte {
            let reason = "a vocabulary of bytes always has 256 entries. Omit the option"
            if let size, size != 256 { throw .badVocabularyLimits(option: "--vocabulary-size", value: size, reason: reason) }
            if minimumCount > 1 {
                throw .badVocabularyLimits(option: "--minimum-count", value: minimumCount, reason: reason)
            }
        }
        if unit == .sentencepiece, minimumCount > 1 {
            throw .badVocabularyLimits(
                option: "--minimum-count", value: minimumCount,
                reason: "a SentencePiece model keeps all of its pieces. Omit the option")
        }
        let least = unit == .char || unit == .byte ? 2 : 3
        if let size, size < least {
            let reason =
                unit != .char
                ? "the minimum is 4: a line end, <unk> and two others" : "the minimum is 3: <unk> and two characters"
            throw .badVocabularyLimits(option: "--vocabulary-size", value: size, reason: reason)
        }
        if minimumCount < 1 {
            throw .badVocabularyLimits(
                option: "--minimum-count", value: minimumCount, reason: "the minimum is 1, which keeps all")
        }
    }
}
