import Checkpoints
import Configuration
import Failures
import Files
import Runs
import TextData

extension RunCheck {
    /// The check of a run on these texts.
    ///
    /// - Parameter trainTokens: the number of tokens of the training text, from which those of the others are estimated; nil if
    ///   the token files exist.
    init(
        _ configuration: TrainingConfiguration, texts: Texts, vocabulary: Vocabulary, trainTokens: Int? = nil, folder: RunFolder,
        survey: HostSurvey
    ) throws {
        let vocabularyText = vocabulary.jsonText()
        let tokens = trainTokens.map { texts.tokenBytes(trainTokens: $0, vocabularySize: vocabulary.size) }
        let data = (tokens ?? TextRole.allCases.reduce(0) { $0 + fileSize(folder.tokensPath($1)) }) + vocabularyText.utf8.count
        let width = TokenPacker.elementWidth(vocabularySize: vocabulary.size)
        let log = LogSize.estimate(configuration, trainTokens: trainTokens ?? fileSize(folder.tokensPath(.train)) / width)
        let existing = try folder.existingFiles()
        try self.init(configuration, vocabularySize: vocabulary.size, hosts: survey.hosts) { shape in
            let checkpoint = try shape.map {
                let size = try CheckpointSize.bounds(
                    configuration, shape: $0, vocabulary: vocabularyText, textDigests: texts.digests)
                try vocabulary.requireRoom(headerByteCount: size.header, source: texts.name(of: .train) ?? "")
                return size.file
            }
            return DiskNeeds(
                folder: folder.path, checkpoint: checkpoint ?? 0, hasBest: texts.name(of: .valid) != nil, data: data, log: log,
                existing: existing, available: freeSpace(forPath: folder.path))
        }
    }
}

extension Texts {
    /// The bytes of all token files, if all texts have as many bytes per token as the training text.
    fileprivate func tokenBytes(trainTokens: Int, vocabularySize: Int) -> Int {
        let bytesPerToken = Double(max(byteCount(of: .train), 1)) / Double(max(trainTokens, 1))
        let width = Double(TokenPacker.elementWidth(vocabularySize: vocabularySize))
        return TextRole.allCases.reduce(0) { $0 + Int(Double(byteCount(of: $1)) / bytesPerToken * width) }
    }
}

extension Vocabulary {
    /// Throws `TrainingError.vocabularyTooLarge` if the header of a checkpoint would be too long for the reader.
    fileprivate func requireRoom(headerByteCount: Int, source: String) throws(TrainingError) {
        let limit = SafetensorsWriter.headerByteCountLimit
        guard headerByteCount > limit else { return }
        let longest = (0..<Int32(size)).map { (id: $0, byteCount: byteCount(of: $0)) }.sorted { $0.byteCount > $1.byteCount }
        throw .vocabularyTooLarge(
            source: source, headerByteCount: headerByteCount, limit: limit, symbolCount: size,
            longest: longest.prefix(3).map { "\(shortened($0.id)) (\(NumberText.grouped($0.byteCount)) bytes)" })
    }

    /// The beginning of a symbol, quoted as in a program.
    private func shortened(_ id: Int32) -> String {
        let most = 16
        let start = symbolPrefix(of: id, byteCount: 4 * most).unicodeScalars.prefix(most)
        let text = String(String.UnicodeScalarView(start))
        return text.utf8.count < byteCount(of: id) ? (text + "...").debugDescription : text.debugDescription
    }
}
