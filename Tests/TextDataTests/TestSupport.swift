import Files
import TextData

/// Random bits that are the same in every run (xorshift64*).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    }

    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_F491_4F6C_DD1D
    }
}

/// The units that every text has.
let plainUnits: [TokenUnit] = [.word, .char, .byte]

func source(_ text: String, _ unit: TokenUnit) throws -> TextSource {
    try TextSource(name: "test.txt", bytes: Array(text.utf8), unit: unit)
}

func vocabulary(_ text: String, _ unit: TokenUnit, size: Int? = nil, minimumCount: Int = 1) throws -> Vocabulary {
    try Vocabulary(counting: source(text, unit), limits: VocabularyLimits(size: size, minimumCount: minimumCount))
}

/// The tokens of a text, as symbols.
func symbols(_ text: String, _ unit: TokenUnit) throws -> [String] {
    let source = try source(text, unit)
    let vocabulary = try Vocabulary(counting: source)
    return try tokens(source, vocabulary).map { vocabulary.symbol(of: $0) }
}

func tokens(_ source: TextSource, _ vocabulary: Vocabulary) throws -> [Int32] {
    var all: [Int32] = []
    try vocabulary.encode(source) { all.append(contentsOf: $0) }
    return all
}

/// All symbols in the order of their numbers.
func symbols(of vocabulary: Vocabulary) -> [String] {
    (0..<Int32(vocabulary.size)).map { vocabulary.symbol(of: $0) }
}

/// The error that `body` throws, or nil.
func textDataError(_ body: () throws -> Void) -> TextDataError? {
    do {
        try body()
        return nil
    } catch {
        return error as? TextDataError
    }
}

/// Writes `tokens` as a token file for a vocabulary of `vocabularySize` symbols.
func writeTokens(
    _ tokens: [Int32], path: String, vocabularySize: Int, calls: FileSystemCalls = .system, pieceSize: Int = 1 << 20
) throws {
    var writer = try TokenFileWriter(
        path: path, vocabularySize: vocabularySize, textDigest: 11, vocabularyDigest: 22, through: calls)
    var start = 0
    while start < tokens.count {
        let end = min(start + pieceSize, tokens.count)
        try Array(tokens[start..<end]).withUnsafeBufferPointer { try writer.append($0) }
        start = end
    }
    try writer.finish()
}
