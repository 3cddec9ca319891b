import Digests
package import Files

/// The tokens of a text in a mapped file. Rank 0 writes it once into the run folder, and every rank maps it.
///
/// Opening reads only the header and the size, so its cost is independent of the corpus; `verify` reads the whole file. Reads check tokens
/// against the vocabulary, and detect changes of the file since its verification.
public struct TokenFile: Sendable {
    private let file: MappedFile
    private let header: TokenFileHeader

    /// n, the number of tokens.
    public var count: Int { header.tokenCount }
    /// The size of the vocabulary. All tokens of a verified file are less than it.
    public var vocabularySize: Int { header.vocabularySize }
    /// The digest of the encoded text.
    public var textDigest: UInt64 { header.textDigest }
    /// The digest of the vocabulary.
    public var vocabularyDigest: UInt64 { header.vocabularyDigest }
    /// XXH3 of the tokens as stored in the file.
    public var tokensDigest: UInt64 { header.tokensDigest }
    /// The path that the file was opened with.
    public var path: String { file.path }

    /// Maps the file at `path`.
    ///
    /// Throws `badTokenFile` (65) unless the file is a token file of the right size, and the errors of `mappedFile`.
    public init(path: String) throws(TextDataError) {
        try self.init(mappedFile(path))
    }

    /// Opens a file that is already mapped.
    package init(_ file: MappedFile) throws(TextDataError) {
        self.file = file
        header = try file.checked(TextDataError.init) { () throws(TextDataError) in
            do throws(TokenFileDefect) {
                return try TokenFileHeader(file: file.bytes)
            } catch {
                throw .badTokenFile(path: file.path, defect: error)
            }
        }
    }

    /// Whether the header names this text and this vocabulary. Otherwise the file must be written again.
    public func isCurrent(textDigest: UInt64, vocabulary: Vocabulary) -> Bool {
        self.textDigest == textDigest && vocabularyDigest == vocabulary.digest && vocabularySize == vocabulary.size
    }

    /// Whether `path` is a valid token file of this text and this vocabulary. Reads the whole file.
    public static func isCurrent(path: String, textDigest: UInt64, vocabulary: Vocabulary) -> Bool {
        guard let file = try? TokenFile(path: path), file.isCurrent(textDigest: textDigest, vocabulary: vocabulary) else {
            return false
        }
        return (try? file.verify()) != nil
    }

    /// Writes the token file of `source` at `path`, unless a current one exists. Returns whether it was written.
    ///
    /// Throws `unknownCharacter` (65), `inputOutput` (74).
    @discardableResult
    public static func prepare(path: String, source: TextSource, vocabulary: Vocabulary) throws(TextDataError) -> Bool {
        if isCurrent(path: path, textDigest: source.digest, vocabulary: vocabulary) { return false }
        var writer = try TokenFileWriter(
            path: path, vocabularySize: vocabulary.size, textDigest: source.digest, vocabularyDigest: vocabulary.digest)
        try vocabulary.encode(source) { (tokens) throws(TextDataError) in try writer.append(tokens) }
        try writer.finish()
        return true
    }

    /// Reads all tokens once, and compares them with the checksum and the vocabulary's size.
    ///
    /// Throws `badTokenFile` (65), and `file` if the file cannot be read (74) or was shortened (65).
    public func verify() throws(TextDataError) {
        _ = try hasChanged()
        try file.checked(TextDataError.init) { () throws(TextDataError) in
            let (found, outside) = try readAll()
            guard found == header.tokensDigest else {
                throw .badTokenFile(path: path, defect: .damagedTokens(found: found, expected: header.tokensDigest))
            }
            if let outside { throw tokenOutsideVocabulary(at: outside) }
        }
    }

    /// Verifies the file if it has changed since the last call. Otherwise costs one system call. Allocates nothing.
    func confirm() throws(TextDataError) {
        if try hasChanged() { try verify() }
    }

    /// Throws if a token read so far could not be read from the file.
    func confirmRead() throws(TextDataError) {
        if let fault = file.fault { throw TextDataError(fault) }
    }

    private func hasChanged() throws(TextDataError) -> Bool {
        do throws(FileError) {
            return try file.hasChanged()
        } catch {
            throw TextDataError(error)
        }
    }

    /// The digest of all tokens, and the position of one outside the vocabulary.
    private func readAll() throws(TextDataError) -> (digest: UInt64, outside: Int?) {
        let room = UnsafeMutableBufferPointer<Int32>.allocate(capacity: 1 << 16)
        defer { room.deallocate() }
        var hasher = XXH3Hasher()
        var outside: Int?
        for start in stride(from: 0, to: count, by: room.count) {
            let piece = UnsafeMutableBufferPointer(rebasing: room[..<min(room.count, count - start)])
            hasher.update(bytes(start..<start + piece.count))
            // If a page is missing, the pages after it may be missing too, and each would cost time.
            try confirmRead()
            copyTokens(from: start, into: piece)
            if outside == nil { outside = firstOutsideVocabulary(piece).map { start + $0 } }
        }
        return (hasher.digest(), outside)
    }

    /// Whether all tokens are in the vocabulary. Finding the maximum is faster than finding the first invalid token. The unsigned
    /// comparison also rejects negative tokens.
    func areInVocabulary(_ tokens: UnsafeBufferPointer<Int32>) -> Bool {
        var largest: UInt32 = 0
        for token in tokens { largest = max(largest, UInt32(bitPattern: token)) }
        return tokens.isEmpty || largest < UInt32(vocabularySize)
    }

    func tokenOutsideVocabulary(at position: Int) -> TextDataError {
        .badTokenFile(
            path: path,
            defect: .tokenOutsideVocabulary(
                position: position, token: tokenID(at: position), vocabularySize: vocabularySize))
    }

    /// The token at `position` of the text.
    public func tokenID(at position: Int) -> Int32 {
        var token: Int32 = 0
        withUnsafeMutablePointer(to: &token) { gather(from: position, count: 1, into: $0, stride: 1) }
        return token
    }

    /// Copies tokens from `start` until `destination` is full.
    public func copyTokens(from start: Int, into destination: UnsafeMutableBufferPointer<Int32>) {
        guard let base = destination.baseAddress else { return }
        gather(from: start, count: destination.count, into: base, stride: 1)
    }

    /// Copies `count` tokens from `start` to every `stride`-th element of `destination`. Allocates nothing.
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
        let bytes = bytes(start..<start + count)
        for position in 0..<count {
            let element = Element(littleEndian: bytes.loadUnaligned(fromByteOffset: position * width, as: type))
            destination[position * stride] = Int32(truncatingIfNeeded: element)
        }
        withExtendedLifetime(file) {}
    }

    /// Passes all tokens to `body`, in order and in pieces, with the checks of `WindowReader`. Throws the errors of `WindowReader.fill`.
    package func forEachPiece(_ body: (UnsafeBufferPointer<Int32>) -> Void) throws(TextDataError) {
        let piece = UnsafeMutableBufferPointer<Int32>.allocate(capacity: 1 << 14)
        defer { piece.deallocate() }
        for start in stride(from: 0, to: count, by: piece.count) {
            let tokens = UnsafeMutableBufferPointer(rebasing: piece[..<min(piece.count, count - start)])
            try read(from: start, into: tokens)
            body(UnsafeBufferPointer(tokens))
        }
    }

    /// Copies tokens from `start`, with the checks of `WindowReader`. Allocates nothing. Throws the errors of `WindowReader.fill`.
    package func read(from start: Int, into destination: UnsafeMutableBufferPointer<Int32>) throws(TextDataError) {
        try confirm()
        copyTokens(from: start, into: destination)
        try confirmRead()
        if let outside = firstOutsideVocabulary(destination) { throw tokenOutsideVocabulary(at: start + outside) }
    }

    private func firstOutsideVocabulary(_ tokens: UnsafeMutableBufferPointer<Int32>) -> Int? {
        if areInVocabulary(UnsafeBufferPointer(tokens)) { return nil }
        return tokens.firstIndex { UInt32(bitPattern: $0) >= UInt32(vocabularySize) }
    }

    /// The bytes of a range of tokens.
    private func bytes(_ tokens: Range<Int>) -> UnsafeRawBufferPointer {
        let (start, width) = (TokenFileHeader.byteCount, header.elementWidth)
        return UnsafeRawBufferPointer(rebasing: file.bytes[start + tokens.lowerBound * width..<start + tokens.upperBound * width])
    }
}
