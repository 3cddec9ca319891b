extension Vocabulary {
    /// Gives the numbers of all tokens of `source` to `sink`, in order and in pieces of up to 65,536.
    ///
    /// Throws `unknownCharacter` (65) for a scalar that the vocabulary lacks, unless it has `<unk>`; and what `sink` throws.
    public func encode(
        _ source: TextSource, to sink: (UnsafeBufferPointer<Int32>) throws(TextDataError) -> Void
    ) throws(TextDataError) {
        precondition(source.unit == unit, "a text of \(source.unit) for a vocabulary of \(unit)")
        try source.withBytes { (bytes) throws(TextDataError) in
            try encode(bytes, name: source.name, endsLastLine: true, to: sink)
        }
    }

    /// The numbers of the tokens of a prompt: the same as in a text, but a last line without line feed stays open.
    ///
    /// Throws `unknownCharacter` (65), unless the vocabulary has `<unk>`.
    public func encode(_ prompt: String) throws(TextDataError) -> [Int32] {
        var tokens: [Int32] = []
        try Array(prompt.utf8).withRawBytes { (bytes) throws(TextDataError) in
            try encode(bytes, name: "the prompt", endsLastLine: false) { tokens.append(contentsOf: $0) }
        }
        return tokens
    }

    private func encode(
        _ bytes: UnsafeRawBufferPointer, name: String, endsLastLine: Bool,
        to sink: (UnsafeBufferPointer<Int32>) throws(TextDataError) -> Void
    ) throws(TextDataError) {
        let text = unit == .byte ? bytes : withoutByteOrderMark(bytes)
        var failure: UnsafePointer<UInt8>?
        switch unit {
        case .word: failure = try encode(WordScanner(text, endsLastLine: endsLastLine), to: sink)
        case .char: failure = try encode(CharacterScanner(text), to: sink)
        case .byte: try widen(text, to: sink)
        }
        guard let failure, let start = bytes.baseAddress else { return }
        let offset = UnsafeRawPointer(failure) - start
        let rest = String(decoding: UnsafeRawBufferPointer(rebasing: bytes[offset..<min(offset + 4, bytes.count)]), as: UTF8.self)
        throw .unknownCharacter(source: name, byteOffset: offset, scalar: rest.unicodeScalars.first ?? "\u{FFFD}")
    }

    /// Looks up one token after the other; returns where the first one stands that has no number, or nil.
    private func encode(
        _ scanner: consuming some TokenScanner, to sink: (UnsafeBufferPointer<Int32>) throws(TextDataError) -> Void
    ) throws(TextDataError) -> UnsafePointer<UInt8>? {
        let piece = Piece()
        let unknown = unknownID.map(Int.init)
        while let token = scanner.next() {
            guard let number = index.table.find(token) ?? unknown else { return token.start }
            if piece.append(Int32(truncatingIfNeeded: number)) { try piece.flush(sink) }
        }
        try piece.flush(sink)
        return nil
    }

    private func widen(
        _ bytes: UnsafeRawBufferPointer, to sink: (UnsafeBufferPointer<Int32>) throws(TextDataError) -> Void
    ) throws(TextDataError) {
        let piece = Piece()
        for byte in bytes where piece.append(Int32(byte)) { try piece.flush(sink) }
        try piece.flush(sink)
    }
}

/// Tokens on their way to a sink.
private final class Piece {
    private static let capacity = 1 << 16
    private let tokens = UnsafeMutablePointer<Int32>.allocate(capacity: Piece.capacity)
    private var count = 0

    deinit {
        tokens.deallocate()
    }

    /// Adds a token; returns whether the piece is full and must be flushed.
    @inline(__always)
    func append(_ token: Int32) -> Bool {
        tokens[count] = token
        count += 1
        return count == Piece.capacity
    }

    func flush(_ sink: (UnsafeBufferPointer<Int32>) throws(TextDataError) -> Void) throws(TextDataError) {
        guard count > 0 else { return }
        let full = UnsafeBufferPointer(start: tokens, count: count)
        count = 0
        try sink(full)
    }
}
