/// Packs tokens into the format of a token file: little-endian, in 1, 2 or 4 bytes, depending on the vocabulary's size.
public final class TokenPacker {
    private static let byteCount = 1 << 18

    /// The number of bytes of a token.
    public let elementWidth: Int
    private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: TokenPacker.byteCount, alignment: 64)

    /// A packer for tokens of a vocabulary of `vocabularySize` symbols.
    public init(vocabularySize: Int) {
        elementWidth = Self.elementWidth(vocabularySize: vocabularySize)
    }

    deinit {
        memory.deallocate()
    }

    /// The number of bytes of a token, for a vocabulary of this size.
    package static func elementWidth(vocabularySize: Int) -> Int {
        TokenFileHeader.elementWidth(vocabularySize: vocabularySize)
    }

    /// Passes the packed tokens to `sink`, in order and in pieces that are valid during the call. Throws the errors of `sink`.
    public func pack(
        _ tokens: UnsafeBufferPointer<Int32>, to sink: (UnsafeRawBufferPointer) throws(TextDataError) -> Void
    ) throws(TextDataError) {
        let capacity = Self.byteCount / elementWidth
        for start in stride(from: 0, to: tokens.count, by: capacity) {
            let piece = UnsafeBufferPointer(rebasing: tokens[start..<min(start + capacity, tokens.count)])
            switch elementWidth {
            case 1: try sink(narrow(piece, as: UInt8.self))
            case 2: try sink(narrow(piece, as: UInt16.self))
            default: try sink(narrow(piece, as: UInt32.self))
            }
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
