import Checkpoints
import Files
import TextData

extension RunCheck {
    /// The check of a run over these texts.
    ///
    /// - Parameter trainTokens: of the training text, from which those of the others are estimated; nil where the token files are made.
    init(
        _ configuration: TrainingConfiguration, texts: Texts, vocabulary: Vocabulary, trainTokens: Int? = nil, folder: RunFolder,
        survey: HostSurvey
    ) throws {
        let vocabularyText = vocabulary.jsonText()
        let tokens = trainTokens.map { texts.tokenBytes(trainTokens: $0, vocabularySize: vocabulary.size) }
        let data = (tokens ?? TextRole.allCases.reduce(0) { $0 + fileSize(folder.tokensPath($1)) }) + vocabularyText.utf8.count
        let existing = try folder.existingFiles()
        try self.init(configuration, vocabularySize: vocabulary.size, hosts: survey.hosts) { shape in
            let checkpoint = try shape.map {
                try CheckpointSize.bound(configuration, shape: $0, vocabulary: vocabularyText, textDigests: texts.digests)
            }
            return DiskNeeds(
                folder: folder.path, checkpoint: checkpoint ?? 0, hasBest: texts.name(of: .valid) != nil, data: data,
                existing: existing, available: freeSpace(forPath: folder.path))
        }
    }
}

extension Texts {
    /// Bytes of all token files, if the texts have as many bytes a token as that for training.
    fileprivate func tokenBytes(trainTokens: Int, vocabularySize: Int) -> Int {
        let bytesPerToken = Double(max(byteCount(of: .train), 1)) / Double(max(trainTokens, 1))
        let width = Double(TokenPacker.elementWidth(vocabularySize: vocabularySize))
        return TextRole.allCases.reduce(0) { $0 + Int(Double(byteCount(of: $1)) / bytesPerToken * width) }
    }
}
