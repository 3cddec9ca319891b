import Digests
package import Files

/// Writes a token file piece by piece, in memory that does not grow; it appears under its name when it is finished.
public struct TokenFileWriter: ~Copyable {
    private static let bufferSize = 1 << 18

    private let file: DurableFile
    private var header: TokenFileHeader
    private var hasher: XXH3Hasher
    private let buffer: PieceBuffer

    /// Begins a file for tokens of a vocabulary of `vocabularySize` symbols. Throws `inputOutput` (74).
    public init(path: String, vocabularySize: Int, textDigest: UInt64, vocabularyDigest: UInt64) throws(TextDataError) {
        try self.init(
            path: path, vocabularySize: vocabularySize, textDigest: textDigest, vocabularyDigest: vocabularyDigest,
            through: .system)
    }

    package init(
        path: String, vocabularySize: Int, textDigest: UInt64, vocabularyDigest: UInt64,
        through calls: FileSystemCalls
    ) throws(TextDataError) {
        precondition((1...Int(Int32.max)).contains(vocabularySize), "a vocabulary of \(vocabularySize) symbols")
        do throws(FileError) {
            let file = try DurableFile(path: path, through: calls)
            // Room for the header, which is known at the end; zeros are no valid one.
            try file.write([UInt8](repeating: 0, count: TokenFileHeader.byteCount))
            self.file = file
        } catch {
            throw TextDataError(error)
        }
        hasher = XXH3Hasher()
        buffer = PieceBuffer(byteCount: Self.bufferSize)
        header = TokenFileHeader(
            elementWidth: TokenFileHeader.elementWidth(vocabularySize: vocabularySize), tokenCount: 0,
            vocabularySize: vocabularySize, textDigest: textDigest, vocabularyDigest: vocabularyDigest, tokensDigest: 0)
    }

    /// Adds tokens, each from 0 up to the vocabulary's size. Throws `inputOutput` (74).
    public mutating func append(_ tokens: UnsafeBufferPointer<Int32>) throws(TextDataError) {
        let capacity = Self.bufferSize / header.elementWidth
        var start = 0
        while start < tokens.count {
            let piece = tokens[start..<min(start + capacity, tokens.count)]
            let bytes = buffer.fill(UnsafeBufferPointer(rebasing: piece), elementWidth: header.elementWidth)
            hasher.update(bytes)
            try write(bytes)
            start += piece.count
        }
        header.tokenCount += tokens.count
    }

    /// Writes the header and makes the file durable. Throws `inputOutput` (74).
    public consuming func finish() throws(TextDataError) {
        header.tokensDigest = hasher.digest()
        do throws(FileError) {
            try file.rewind()
            try file.write(header.encoded())
            try file.commit()
        } catch {
            throw TextDataError(error)
        }
    }

    private func write(_ bytes: UnsafeRawBufferPointer) throws(TextDataError) {
        do throws(FileError) {
            try file.write(bytes)
        } catch {
            throw TextDataError(error)
        }
    }
}

/// Memory for one piece of narrowed tokens.
private final class PieceBuffer {
    private let memory: UnsafeMutableRawBufferPointer

    init(byteCount: Int) {
        memory = .allocate(byteCount: byteCount, alignment: 64)
    }

    deinit {
        memory.deallocate()
    }

    /// The tokens in little-endian elements of 1, 2 or 4 bytes, valid until the next call.
    func fill(_ tokens: UnsafeBufferPointer<Int32>, elementWidth: Int) -> UnsafeRawBufferPointer {
        switch elementWidth {
        case 1: narrow(tokens, as: UInt8.self)
        case 2: narrow(tokens, as: UInt16.self)
        default: narrow(tokens, as: UInt32.self)
        }
    }

    private func narrow<Element: FixedWidthInteger & BitwiseCopyable>(
        _ tokens: UnsafeBufferPointer<Int32>, as type: Element.Type
    ) -> UnsafeRawBufferPointer {
        let elements = memory.bindMemory(to: type)
        for (position, token) in tokens.enumerated() {
            elements[position] = Element(truncatingIfNeeded: token).littleEndian
        }
        return UnsafeRawBufferPointer(rebasing: memory[..<(tokens.count * MemoryLayout<Element>.size)])
    }
}
