import Layers

extension TrainingConfiguration {
    /// The warning of a new run whose output layer takes the numbers of tokens for ranks by frequency, although they are none; nil for others.
    package var ranksWarning: String? {
        guard tokens == .byte || tokens == .sentencepiece, taskType.predictsTokens, let (option, advice) = rankedOption else {
            return nil
        }
        let characters = tokens == .byte ? ", or --tokens char" : ""
        return
            "the tokens of --tokens \(tokens.rawValue) are not numbered by frequency, and \(option) takes their numbers for ranks, which makes the "
            + "loss worse. Use \(advice)\(characters)."
    }

    /// The option that takes numbers of tokens for ranks, and what to use instead; nil if there is none.
    private var rankedOption: (option: String, advice: String)? {
        if Outputs.ranksTokens(output) {
            return ("--output \(output.rawValue)", "--output full, or --output sampled with --token-frequencies counts")
        }
        return resolvedFrequencies == .zipf ? ("--token-frequencies zipf", "--token-frequencies counts") : nil
    }
}
