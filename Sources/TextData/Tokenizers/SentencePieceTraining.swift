import CSentencePiece
import Failures
import Glibc

extension SentencePieceModel {
    /// Trains a unigram model (Kudo 2018) of at most `size` pieces on the lines of a text.
    ///
    /// One thread trains, so that the model is the same on every machine. The text is in memory meanwhile, several times. Throws
    /// `noSentencePieceLibrary` (66), `nothingToTrain` and `sentencePieceFailed` (65). A failed check of the library ends the process, with an error
    /// line and the status of `sentencePieceFailed`.
    public convenience init(training text: OpenedText, size: Int) throws(TextDataError) {
        try SentencePieceLibrary.require()
        let model = try text.withBytes { (bytes) throws(TextDataError) in
            try Self.train(text.piece(0..<text.blockCount, of: bytes).bytes, name: text.name, size: size)
        }
        try self.init(model, source: "the SentencePiece model of \(text.name)")
    }

    private static func train(
        _ text: UnsafeRawBufferPointer, name: String, size: Int
    ) throws(TextDataError) -> [UInt8] {
        guard TrainingSentences.haveCharacters(text) else { throw .nothingToTrain(source: name) }
        let options =
            "--model_type=unigram --vocab_size=\(size) --hard_vocab_limit=false --num_threads=1 --max_sentence_length=\(1 << 30) --minloglevel=2"
        let failedCheck = TextDataError.sentencePieceFailed(
            operation: "training on \(name)", reason: "a check of the library, which is printed above, found a fault")
        let training = TrainingText(text)
        let context = Unmanaged.passUnretained(training).toOpaque()
        var message = LibraryMessage()
        let result = message.filled { bytes, capacity in
            csp_train(
                options, "rnntrain: error: \(message: failedCheck)\n", failedCheck.exitStatus.rawValue,
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
        if message.contains("!sentences_.empty()") { return .nothingToTrain(source: name) }
        if let numbers = message.firstMatch(of: /smaller than required_chars\. [0-9]+ vs ([0-9]+)/) {
            return .badVocabularyLimits(
                option: "--vocabulary-size", value: size,
                reason: "\(name) needs \(numbers.1) pieces or more, one for each of its characters but the rarest. Raise it")
        }
        return .sentencePieceFailed(operation: "training on \(name)", reason: message)
    }
}

/// The sentences of a text, for the library's training, and the model that it returns.
private final class TrainingText {
    private var sentences: TrainingSentences
    var model: [UInt8] = []

    init(_ text: UnsafeRawBufferPointer) { sentences = TrainingSentences(text) }

    static func of(_ context: UnsafeMutableRawPointer?) -> TrainingText? {
        context.map { Unmanaged<TrainingText>.fromOpaque($0).takeUnretainedValue() }
    }

    func next(_ size: UnsafeMutablePointer<Int>?) -> UnsafePointer<CChar>? {
        guard let sentence = sentences.next() else { return nil }
        size?.pointee = sentence.count
        return sentence.baseAddress?.assumingMemoryBound(to: CChar.self)
    }
}

/// Divides a text into the sentences of the library's training: the lines with text, because the library has no use for an empty one.
///
/// The library uses U+2585 for rare characters, and leaves out every sentence that has it. The parts of a line before and after this character are
/// therefore sentences of their own.
private struct TrainingSentences {
    private static let reserved: [UInt8] = [0xE2, 0x96, 0x85]

    private var lines: LineScanner
    /// What is left of the current line.
    private var rest = UnsafeRawBufferPointer(start: nil, count: 0)

    init(_ text: UnsafeRawBufferPointer) { lines = LineScanner(text) }

    mutating func next() -> UnsafeRawBufferPointer? {
        while true {
            if rest.isEmpty {
                guard let line = lines.next() else { return nil }
                rest = line.bytes
            }
            let end = Self.placeOfReserved(in: rest)
            let sentence = UnsafeRawBufferPointer(rebasing: rest[..<(end ?? rest.count)])
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(end.map { $0 + Self.reserved.count } ?? rest.count))
            if !sentence.isEmpty { return sentence }
        }
    }

    private static func placeOfReserved(in bytes: UnsafeRawBufferPointer) -> Int? {
        guard let base = bytes.baseAddress else { return nil }
        var start = 0
        while let found = memchr(base + start, Int32(reserved[0]), bytes.count - start) {
            let place = UnsafeRawPointer(found) - base
            if bytes[place...].starts(with: reserved) { return place }
            start = place + 1
        }
        return nil
    }

    /// Whether a text has a character that the training learns from. The library ends the process if there is none.
    static func haveCharacters(_ text: UnsafeRawBufferPointer) -> Bool {
        var sentences = TrainingSentences(text)
        while let sentence = sentences.next() {
            if !String(decoding: sentence, as: UTF8.self).unicodeScalars.allSatisfy(isRemoved) { return true }
        }
        return false
    }

    /// Whether the normalisation `nmt_nfkc` removes a character, or makes it a blank.
    ///
    /// Source: `BuildNmtNFKCMap` in builder.cc of google/sentencepiece.
    private static func isRemoved(_ character: Unicode.Scalar) -> Bool {
        switch character.value {
        case 0x01...0x20, 0x7F, 0x8F, 0x9F, 0xA0, 0x1680, 0x2000...0x200C, 0x200E, 0x200F, 0x2028, 0x2029, 0x202F, 0x205F, 0x2581,
            0x3000, 0xFEFF, 0xFFFD:
            true
        default: false
        }
    }
}
