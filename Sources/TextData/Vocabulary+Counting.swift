extension Vocabulary {
    /// Counts the symbols of `source` and keeps those within `limits`.
    ///
    /// Throws `badVocabularyLimits` (64), `vocabularyTooSmall` (65).
    public init(counting source: TextSource, limits: VocabularyLimits = VocabularyLimits()) throws(TextDataError) {
        try self.init(counting: source, tokenizer: Tokenizer(source.unit), limits: limits)
    }

    /// Counts the symbols that `tokenizer` finds. Also throws the errors of `Tokenizer` and of its search.
    public init(
        counting source: TextSource, tokenizer: Tokenizer, limits: VocabularyLimits = VocabularyLimits()
    ) throws(TextDataError) {
        try limits.check(for: source.unit)
        let counts = SymbolCounts(tokenizer)
        try source.text.count(into: counts)
        self = try counts.vocabulary(limits, source: source.name)
    }

    /// The table of all bytes. The number of a byte is its value.
    static func byteTable() -> SymbolTable {
        var table = SymbolTable()
        for byte in UInt8.min...UInt8.max {
            withUnsafeBytes(of: byte) { _ = table.findOrAdd(ScannedToken($0)) }
        }
        return table
    }
}
