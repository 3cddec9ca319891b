public import Communication
import Failures
import Glibc
public import TextData

/// The speed of tokenizing a text on all ranks.
public struct TokenisingMeasurement: Sendable {
    /// The size of the text.
    public let byteCount: Int
    /// The tokens of the text.
    public let tokenCount: Int
    /// V, the symbols of its vocabulary.
    public let vocabularySize: Int
    /// The number of ranks that read the text: those that see the same file as rank 0.
    public let rankCount: Int
    /// Seconds of the first pass: digest, validation of UTF-8, and counting, with the results gathered on rank 0.
    public let countingSeconds: Double
    /// Seconds of the second pass: encoding, with a token file that rank 0 writes durably.
    public let encodingSeconds: Double

    /// MB (10^6 bytes) of text per second of one rank in the first pass.
    public var countingRate: Double { rate(countingSeconds) }
    /// MB (10^6 bytes) of text per second of one rank in the second pass.
    public var encodingRate: Double { rate(encodingSeconds) }

    private func rate(_ seconds: Double) -> Double { Double(byteCount) / 1e6 / seconds / Double(rankCount) }

    /// Reads the text at `path` as a run does, and writes its tokens to a file at `scratch`, which must not exist and is removed
    /// afterwards.
    ///
    /// Collective; nil on ranks other than 0. Throws a `RemoteFailure` for errors of the text or the file.
    public static func measure(
        path: String, unit: TokenUnit, limits: VocabularyLimits = VocabularyLimits(), scratch: String, world: World
    ) throws -> TokenisingMeasurement? {
        let tokenizer = DistributedTokenizer(world: world)
        return try world.agreeOnRoot(with: tokenizer) {
            defer { RawByte.withCString(scratch) { _ = unlink($0) } }
            return try TokenisingMeasurement(path: path, unit: unit, limits: limits, scratch: scratch, tokenizer: tokenizer)
        }
    }

    private init(path: String, unit: TokenUnit, limits: VocabularyLimits, scratch: String, tokenizer: DistributedTokenizer) throws
    {
        let text = try tokenizer.open(path: path, unit: unit)
        let start = MonotonicClock.nanoseconds
        let counts = SymbolCounts(unit: unit)
        let digest = try tokenizer.scan(text, counting: counts)
        let vocabulary = try counts.vocabulary(limits, source: path)
        let counted = MonotonicClock.nanoseconds
        try tokenizer.writeTokens(text, digest: digest, vocabulary: vocabulary, to: scratch)
        let end = MonotonicClock.nanoseconds
        byteCount = text.text.byteCount
        tokenCount = try TokenFile(path: scratch).count
        vocabularySize = vocabulary.size
        rankCount = tokenizer.readerCount(of: text)
        countingSeconds = Double(counted - start) / 1e9
        encodingSeconds = Double(end - counted) / 1e9
    }
}
