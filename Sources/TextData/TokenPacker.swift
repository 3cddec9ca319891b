/// Makes tokens as narrow as the vocabulary allows, as they stand in a token file: little-endian, in 1, 2 or 4 bytes.
public final class TokenPacker {
    private static let byteCount = 1 << 18

    /// How many bytes a token takes.
    public let elementWidth: Int
    private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: TokenPacker.byteCount, alignment: 64)

    /// For tokens of a vocabulary of `vocabularySize` symbols.
    public init(vocabularySize: Int) {
        elementWidth = Self.elementWidth(vocabularySize: vocabularySize)
    }

    deinit {
        memory.deallocate()
    }

    /// How many bytes a token of a vocabulary of so many symbols takes.
    package static func elementWidth(vocabularySize: Int) -> Int {
        TokenFileHeader.elementWidth(vocabularySize: vocabularySize)
    }

    /// Gives the packed tokens to `sink`, in order and in pieces that are valid until it returns. Throws what it throws.
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
