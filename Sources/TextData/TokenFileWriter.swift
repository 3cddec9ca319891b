import Digests
package import Files

/// Writes a token file in pieces, with constant memory. The file appears under its name when it is finished.
public struct TokenFileWriter: ~Copyable {
    private let file: DurableFile
    private var header: TokenFileHeader
    private var hasher: XXH3Hasher
    private let packer: TokenPacker

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
        let (folderPath, name) = splitPath(path)
        let folder: HeldFolder
        do throws(CallFailure) {
            folder = try HeldFolder(path: folderPath, through: calls)
        } catch {
            throw TextDataError(.notCommitted(path: path, operation: .openFolder, errorNumber: error.errorNumber))
        }
        try self.init(
            at: folder.place(name), vocabularySize: vocabularySize, textDigest: textDigest, vocabularyDigest: vocabularyDigest)
    }

    /// Begins a file in an open folder.
    package init(
        at place: FilePlace, vocabularySize: Int, textDigest: UInt64, vocabularyDigest: UInt64
    ) throws(TextDataError) {
        precondition((1...Int(Int32.max)).contains(vocabularySize), "a vocabulary of \(vocabularySize) symbols")
        do throws(FileError) {
            let file = try DurableFile(at: place)
            // Space for the header, which is written at the end. Zeros are not a valid header.
            try file.write([UInt8](repeating: 0, count: TokenFileHeader.byteCount))
            self.file = file
        } catch {
            throw TextDataError(error)
        }
        hasher = XXH3Hasher()
        packer = TokenPacker(vocabularySize: vocabularySize)
        header = TokenFileHeader(
            elementWidth: TokenFileHeader.elementWidth(vocabularySize: vocabularySize), tokenCount: 0,
            vocabularySize: vocabularySize, textDigest: textDigest, vocabularyDigest: vocabularyDigest, tokensDigest: 0)
    }

    /// Appends tokens, each less than the vocabulary's size. Throws `inputOutput` (74).
    public mutating func append(_ tokens: UnsafeBufferPointer<Int32>) throws(TextDataError) {
        try packer.pack(tokens) { (bytes) throws(TextDataError) in try append(packed: bytes) }
    }

    /// Appends tokens in the format of `TokenPacker` for this vocabulary. Throws `inputOutput` (74).
    public mutating func append(packed bytes: UnsafeRawBufferPointer) throws(TextDataError) {
        precondition(bytes.count % header.elementWidth == 0, "\(bytes.count) bytes of tokens of \(header.elementWidth)")
        hasher.update(bytes)
        try write(bytes)
        header.tokenCount += bytes.count / header.elementWidth
    }

    /// Writes the header and commits the file durably. Throws `inputOutput` (74).
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
