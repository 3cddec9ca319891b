import CSentencePiece

extension SentencePieceModel {
    /// Trains a unigram model (Kudo 2018) of at most `size` pieces on the lines of a text.
    ///
    /// One thread trains, so that the model is the same on every machine. The text is in memory meanwhile, several times. Throws
    /// `noSentencePieceLibrary` (66) and `sentencePieceFailed` (65).
    public convenience init(training text: OpenedText, size: Int) throws(TextDataError) {
        try SentencePieceLibrary.require()
        let model = try text.withBytes { (bytes) throws(TextDataError) in
            try Self.train(text.piece(0..<text.blockCount, of: bytes).bytes, name: text.name, size: size)
        }
        try self.init(model, source: text.name)
    }

    private static func train(
        _ text: UnsafeRawBufferPointer, name: String, size: Int
    ) throws(TextDataError) -> [UInt8] {
        let options =
            "--model_type=unigram --vocab_size=\(size) --hard_vocab_limit=false --num_threads=1 --max_sentence_length=\(1 << 30) --minloglevel=2"
        let training = TrainingText(text)
        let context = Unmanaged.passUnretained(training).toOpaque()
        var message = SentencePieceLibrary.Message()
        let result = message.filled { bytes, capacity in
            csp_train(
                options,
                { TrainingText.of($0)?.next($1) }, context,
                { TrainingText.of($0)?.model = Array(UnsafeRawBufferPointer(start: $1, count: $2)) },
                bytes, capacity)
        }
        guard result == 0 else { throw trainingError(message.text, name: name, size: size) }
        return withExtendedLifetime(training) { training.model }
    }
}

extension SentencePieceModel {
    /// The error for a message of the library.
    private static func trainingError(_ message: String, name: String, size: Int) -> TextDataError {
        if message.contains("!sentences_.empty()") { return .vocabularyTooSmall(source: name, unit: .sentencepiece, size: 0) }
        if let numbers = message.firstMatch(of: /smaller than required_chars\. [0-9]+ vs ([0-9]+)/) {
            return .badVocabularyLimits(
                option: "--vocabulary-size", value: size,
                reason: "\(name) needs \(numbers.1) pieces or more, one for each of its characters but the rarest. Raise it")
        }
        return .sentencePieceFailed(operation: "training on \(name)", reason: message)
    }
}

/// The lines of a text, for the library's training, and the model that it returns.
private final class TrainingText {
    private var lines: LineScanner
    var model: [UInt8] = []

    init(_ text: UnsafeRawBufferPointer) { lines = LineScanner(text) }

    static func of(_ context: UnsafeMutableRawPointer?) -> TrainingText? {
        context.map { Unmanaged<TrainingText>.fromOpaque($0).takeUnretainedValue() }
    }

    /// The next line with text, because the library has no use for an empty one.
    func next(_ size: UnsafeMutablePointer<Int>?) -> UnsafePointer<CChar>? {
        while let line = lines.next() {
            guard let start = line.bytes.baseAddress, !line.bytes.isEmpty else { continue }
            size?.pointee = line.bytes.count
            return start.assumingMemoryBound(to: CChar.self)
        }
        return nil
    }
}
