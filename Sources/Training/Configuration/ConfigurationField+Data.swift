extension ConfigurationField {
    /// The text and what its tokens are. On resume the paths may change, since the texts' digests are compared.
    static let data: [ConfigurationField] = [
        .init(
            .text, optional: \.text, .data, .free, range: .path, placeholder: "file", absent: "none",
            "One text instead of three: of its lines the first 90 % to train, then 5 % to validate and 5 % to test."),
        .init(
            .train, optional: \.train, .data, .free, range: .path, placeholder: "file",
            absent: "the built-in embedded Reber grammar",
            "Training text."),
        .init(
            .valid, optional: \.valid, .data, .free, range: .path, placeholder: "file", absent: "none; needed with --train",
            "Validation text, for the schedule, the best parameters and early stopping."),
        .init(
            .test, optional: \.test, .data, .free, range: .path, placeholder: "file", absent: "none",
            "Test text, measured once at the end with the best parameters."),
        .init(
            .tokens, \.tokens, .data, .fixed,
            "What a token is: words between white space, characters (Unicode scalars) or bytes."),
        .init(
            .vocabularySize, optional: \.vocabularySize, .data, .fixed, range: .whole(2...Int(Int32.max), orZero: "for no limit"),
            placeholder: "n",
            absent: "10000 for words, else no limit",
            "Largest number of entries of the vocabulary, including <eos> and <unk>; the most frequent are kept; 0: no limit."),
        .init(
            .minimumCount, \.minimumCount, .data, .fixed, range: .whole(1...ValueRange.most), placeholder: "n",
            "Words or characters with fewer occurrences in the training text become <unk>."),
    ]
}
