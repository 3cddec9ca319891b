import Kinds
import Tasks
import TextData

extension ConfigurationField {
    /// The texts and their tokens. On resume the paths may change, because the digests of the texts are compared.
    static let data: [ConfigurationField] =
        [
            .init(
                .text, optional: \.text, .data, .free, range: .path, placeholder: "file", absent: "none", isNew: true,
                "One text instead of three: the first 90 % of its lines for training, the next 5 % for validation, the last 5 % for testing."
            ),
            .init(
                .train, optional: \.train, .data, .free, range: .path, placeholder: "file",
                absent: "the built-in embedded Reber grammar",
                "Training text."),
            .init(
                .valid, optional: \.valid, .data, .free, range: .path, placeholder: "file", absent: "none; required with --train",
                "Validation text, for the schedule, the best parameters and early stopping."),
            .init(
                .test, optional: \.test, .data, .free, range: .path, placeholder: "file", absent: "none",
                "Test text, scored once at the end with the best parameters."),
            .init(
                .tokens, \.tokens, .data, .fixed,
                "Unit of a token: words between white space, characters (Unicode scalars), bytes, integers between white space, matches of "
                    + "--token-pattern (regex), or pieces of a SentencePiece model."),
            .init(
                .tokenPattern, optional: \.tokenPattern, .data, .fixed, range: .pattern, placeholder: "regex", absent: "none",
                isNew: true,
                "With --tokens regex: the regular expression of a token, such as `\\[[^\\]]*\\]|Br|Cl|.` for SMILES."),
            .init(
                .sentencePieceModel, optional: \.sentencePieceModel, .data, .startOnly, range: .path, placeholder: "file",
                absent: "the run trains a unigram model of --vocabulary-size pieces on its training text", isNew: true,
                "With --tokens sentencepiece: the model. It is stored in the run folder and in the checkpoints; a resumed run does not read it."
            ),
            .init(
                .vocabularySize, optional: \.vocabularySize, .data, .fixed,
                range: .whole(4...Int(Int32.max), orZero: "for no limit"),
                placeholder: "n",
                absent: "10000 for words, 8000 for sentencepiece, otherwise no limit",
                "Maximum number of vocabulary entries, including <eos> and <unk>; the most frequent are kept; 0: no limit."),
            .init(
                .minimumCount, \.minimumCount, .data, .fixed, range: .whole(1...ValueRange.most), placeholder: "n",
                "Words or characters with fewer occurrences in the training text become <unk>."),
            .init(
                .task, \.task, .data, .fixed, isNew: true,
                "What the model learns: to predict each token of a text, or the label of each line."),
            .init(
                .batching, \.batching, .data, .fixed, isNew: true,
                "What a row of a batch is: a stream, which is a contiguous part of the text, or a line, which is read for itself."
            ),
        ] + kinds(of: Tasks.self, .data)
}

extension ValueRange where Value == String {
    /// A regular expression of a token. An empty one matches no character.
    fileprivate static let pattern = ValueRange(
        description: "a non-empty regular expression", ends: [], contains: { !$0.isEmpty })
}
