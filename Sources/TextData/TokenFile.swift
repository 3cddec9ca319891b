import Digests
package import Files

/// The tokens of a text in a mapped file: rank 0 writes it once into the run folder, and every rank maps it.
///
/// Opening looks at the header and the size alone, so it costs the same for any corpus; `verify` reads everything.
public struct TokenFile: Sendable {
    private let file: MappedFile
    private let header: TokenFileHeader

    /// The number of tokens, n.
    public var count: Int { header.tokenCount }
    /// The size of the vocabulary that the tokens are of; a verified file holds no token that is not less.
    public var vocabularySize: Int { header.vocabularySize }
    /// XXH3 of the text that the tokens are of.
    public var textDigest: UInt64 { header.textDigest }
    /// Digest of the vocabulary that the tokens are of.
    public var vocabularyDigest: UInt64 { header.vocabularyDigest }
    /// XXH3 of the tokens as they stand in the file.
    public var tokensDigest: UInt64 { header.tokensDigest }
    /// The file as it was named.
    public var path: String { file.path }

    /// Maps the file at `path`.
    ///
    /// Throws `badTokenFile` (65) for whatever bytes are no token file of exactly its size, and what `mappedFile` throws.
    public init(path: String) throws(TextDataError) {
        try self.init(mappedFile(path))
    }

    /// The same of a file that is mapped already.
    package init(_ file: MappedFile) throws(TextDataError) {
        self.file = file
        do {
            header = try TokenFileHeader(file: file.bytes)
        } catch {
            throw .badTokenFile(path: file.path, defect: error)
        }
    }

    /// Whether `path` is a whole token file of this text and this vocabulary; if not, it is to be made anew.
    public static func isCurrent(path: String, textDigest: UInt64, vocabularyDigest: UInt64) -> Bool {
        guard let file = try? TokenFile(path: path) else { return false }
        return file.textDigest == textDigest && file.vocabularyDigest == vocabularyDigest
    }

    /// Makes the token file of `source` at `path`, unless it is there and current; returns whether it was made.
    ///
    /// Throws `unknownCharacter` (65), `inputOutput` (74).
    @discardableResult
    public static func prepare(path: String, source: TextSource, vocabulary: Vocabulary) throws(TextDataError) -> Bool {
        if isCurrent(path: path, textDigest: source.digest, vocabularyDigest: vocabulary.digest) { return false }
        var writer = try TokenFileWriter(
            path: path, vocabularySize: vocabulary.size, textDigest: source.digest, vocabularyDigest: vocabulary.digest)
        try vocabulary.encode(source) { (tokens) throws(TextDataError) in try writer.append(tokens) }
        try writer.finish()
        return true
    }

    /// Reads all tokens and holds them against the checksum and the vocabulary's size. Throws `badTokenFile` (65).
    public func verify() throws(TextDataError) {
        let found = XXH3.digest(UnsafeRawBufferPointer(rebasing: file.bytes[TokenFileHeader.byteCount...]))
        guard found == header.tokensDigest else {
            throw .badTokenFile(path: path, defect: .damagedTokens(found: found, expected: header.tokensDigest))
        }
        guard let position = firstOutsideVocabulary() else { return }
        let defect = TokenFileDefect.tokenOutsideVocabulary(
            position: position, token: tokenID(at: position), vocabularySize: vocabularySize)
        throw .badTokenFile(path: path, defect: defect)
    }

    /// Token `position` of the text.
    public func tokenID(at position: Int) -> Int32 {
        var token: Int32 = 0
        withUnsafeMutablePointer(to: &token) { gather(from: position, count: 1, into: $0, stride: 1) }
        return token
    }

    /// Copies the tokens from `start` on until `destination` is full.
    public func copyTokens(from start: Int, into destination: UnsafeMutableBufferPointer<Int32>) {
        guard let base = destination.baseAddress else { return }
        gather(from: start, count: destination.count, into: base, stride: 1)
    }

    /// Writes `count` tokens from `start` on to every `stride`-th element of `destination`. Allocates nothing.
    func gather(from start: Int, count: Int, into destination: UnsafeMutablePointer<Int32>, stride: Int) {
        precondition(
            start >= 0 && count >= 0 && start <= self.count - count, "tokens \(start)..<\(start + count) of \(self.count)")
        switch header.elementWidth {
        case 1: gather(UInt8.self, start, count, destination, stride)
        case 2: gather(UInt16.self, start, count, destination, stride)
        default: gather(UInt32.self, start, count, destination, stride)
        }
    }

    @inline(__always)
    private func gather<Element: FixedWidthInteger & BitwiseCopyable>(
        _ type: Element.Type, _ start: Int, _ count: Int, _ destination: UnsafeMutablePointer<Int32>, _ stride: Int
    ) {
        let width = MemoryLayout<Element>.size
        let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[(TokenFileHeader.byteCount + start * width)...])
        for position in 0..<count {
            let element = Element(littleEndian: bytes.loadUnaligned(fromByteOffset: position * width, as: type))
            destination[position * stride] = Int32(truncatingIfNeeded: element)
        }
        withExtendedLifetime(file) {}
    }

    /// Gives all tokens to `body`, in order and in pieces.
    package func forEachPiece(_ body: (UnsafeBufferPointer<Int32>) -> Void) {
        let piece = UnsafeMutableBufferPointer<Int32>.allocate(capacity: 1 << 14)
        defer { piece.deallocate() }
        for start in stride(from: 0, to: count, by: piece.count) {
            let tokens = UnsafeMutableBufferPointer(rebasing: piece[..<min(piece.count, count - start)])
            copyTokens(from: start, into: tokens)
            body(UnsafeBufferPointer(tokens))
        }
    }

    private func firstOutsideVocabulary() -> Int? {
        let piece = UnsafeMutableBufferPointer<Int32>.allocate(capacity: 1 << 14)
        defer { piece.deallocate() }
        var start = 0
        while start < count {
            let tokens = UnsafeMutableBufferPointer(rebasing: piece[..<min(piece.count, count - start)])
            copyTokens(from: start, into: tokens)
            // As unsigned, so that a negative one is outside, too. The largest is found faster than the first that is outside.
            var largest: UInt32 = 0
            for token in tokens { largest = max(largest, UInt32(bitPattern: token)) }
            if largest >= UInt32(vocabularySize) {
                return tokens.firstIndex { UInt32(bitPattern: $0) >= UInt32(vocabularySize) }.map { start + $0 }
            }
            start += tokens.count
        }
        return nil
    }
}
