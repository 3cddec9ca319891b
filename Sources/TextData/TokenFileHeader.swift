import Digests
import Failures

/// Why a token file cannot be used.
public enum TokenFileDefect: Error, Sendable, Equatable, CustomStringConvertible {
    case shorterThanHeader(byteCount: Int)
    case wrongMagic
    case wrongVersion(found: UInt32, expected: UInt32)
    case damagedHeader
    case wrongElementWidth(found: UInt32, vocabularySize: UInt64)
    case impossibleTokenCount(UInt64)
    case wrongSize(byteCount: Int, expected: Int)
    case damagedTokens(found: UInt64, expected: UInt64)
    case tokenOutsideVocabulary(position: Int, token: Int32, vocabularySize: Int)
    /// A rank finds another file under the path than rank 0.
    case notOfRankZero

    public var description: String {
        switch self {
        case .shorterThanHeader(let byteCount): "it has \(counted(byteCount, "byte")), less than a header"
        case .wrongMagic: "its first bytes are those of another format"
        case .wrongVersion(let found, let expected): "it has version \(found), but this program reads version \(expected)"
        case .damagedHeader: "its header is damaged (the checksum differs)"
        case .wrongElementWidth(let found, let vocabularySize):
            "it has \(counted(found, "byte")) per token, which is wrong for \(counted(vocabularySize, "symbol"))"
        case .impossibleTokenCount(let count): "its header says \(counted(count, "token"))"
        case .wrongSize(let byteCount, let expected): "it has \(counted(byteCount, "byte")) instead of \(expected)"
        case .damagedTokens(let found, let expected):
            "its tokens are damaged (checksum \(found.hexadecimal) instead of \(expected.hexadecimal))"
        case .notOfRankZero:
            "on this host it is another file than on that of rank 0, for example of another run. All hosts need the same run folder"
        case .tokenOutsideVocabulary(let position, let token, let vocabularySize):
            "token \(position) is \(token), outside the vocabulary of \(vocabularySize)"
        }
    }
}

/// The first 64 bytes of a token file, all little-endian.
///
///      0  8 bytes  "rnntoken"
///      8  UInt32   version, 1
///     12  UInt32   bytes a token: 1 up to 256 symbols, 2 up to 65,536, else 4
///     16  UInt64   number of tokens
///     24  UInt64   number of symbols in the vocabulary
///     32  UInt64   digest of the text
///     40  UInt64   digest of the vocabulary
///     48  UInt64   XXH3 of the tokens as they stand here
///     56  UInt64   XXH3 of the 56 bytes before
struct TokenFileHeader: Equatable, Sendable {
    static let byteCount = 64
    static let version: UInt32 = 1
    private static let magic = 0x6E65_6B6F_746E_6E72 as UInt64  // "rnntoken"

    var elementWidth: Int
    var tokenCount: Int
    var vocabularySize: Int
    var textDigest: UInt64
    var vocabularyDigest: UInt64
    var tokensDigest: UInt64

    /// The number of bytes of a token.
    static func elementWidth(vocabularySize: Int) -> Int {
        vocabularySize <= 1 << 8 ? 1 : vocabularySize <= 1 << 16 ? 2 : 4
    }

    /// The header in the format of the file.
    func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.appendLittleEndian(Self.magic)
        bytes.appendLittleEndian(Self.version)
        bytes.appendLittleEndian(UInt32(elementWidth))
        bytes.appendLittleEndian(UInt64(tokenCount))
        bytes.appendLittleEndian(UInt64(vocabularySize))
        bytes.appendLittleEndian(textDigest)
        bytes.appendLittleEndian(vocabularyDigest)
        bytes.appendLittleEndian(tokensDigest)
        bytes.appendLittleEndian(XXH3.digest(bytes))
        return bytes
    }
}

extension TokenFileHeader {
    /// Reads the header of the file `bytes`, and compares it with the size of the file. The bytes may be invalid.
    init(file bytes: UnsafeRawBufferPointer) throws(TokenFileDefect) {
        guard bytes.count >= Self.byteCount else { throw .shorterThanHeader(byteCount: bytes.count) }
        guard bytes.littleEndian(at: 0, as: UInt64.self) == Self.magic else { throw .wrongMagic }
        let version = bytes.littleEndian(at: 8, as: UInt32.self)
        guard version == Self.version else { throw .wrongVersion(found: version, expected: Self.version) }
        let covered = UnsafeRawBufferPointer(rebasing: bytes[..<56])
        guard XXH3.digest(covered) == bytes.littleEndian(at: 56, as: UInt64.self) else { throw .damagedHeader }

        let width = bytes.littleEndian(at: 12, as: UInt32.self)
        let symbols = bytes.littleEndian(at: 24, as: UInt64.self)
        guard symbols <= UInt64(Int32.max), width == Self.elementWidth(vocabularySize: Int(symbols)) else {
            throw .wrongElementWidth(found: width, vocabularySize: symbols)
        }
        let tokens = bytes.littleEndian(at: 16, as: UInt64.self)
        guard tokens < 1 << 56 else { throw .impossibleTokenCount(tokens) }
        let expected = Self.byteCount + Int(tokens) * Int(width)
        guard bytes.count == expected else { throw .wrongSize(byteCount: bytes.count, expected: expected) }
        self.init(
            elementWidth: Int(width), tokenCount: Int(tokens), vocabularySize: Int(symbols),
            textDigest: bytes.littleEndian(at: 32, as: UInt64.self),
            vocabularyDigest: bytes.littleEndian(at: 40, as: UInt64.self),
            tokensDigest: bytes.littleEndian(at: 48, as: UInt64.self))
    }
}
