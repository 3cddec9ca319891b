import CSentencePiece
import Synchronization

/// A model that the library has loaded for encoding.
final class SentencePieceEncoder: @unchecked Sendable {  // one thread encodes at a time
    private let model: OpaquePointer

    /// Loads a serialised model. `source` names it in messages.
    init(_ bytes: [UInt8], source: String) throws(TextDataError) {
        try SentencePieceLibrary.require()
        var message = LibraryMessage()
        let loaded = message.filled { csp_load(bytes, bytes.count, $0, $1) }
        guard let loaded else { throw .badSentencePieceModel(source: source, reason: message.text) }
        model = loaded
    }

    deinit { csp_free(model) }

    /// The numbers of the pieces of a text without line ends, valid until the next call.
    func ids(_ text: UnsafeRawBufferPointer) throws(TextDataError) -> UnsafeBufferPointer<Int32> {
        var message = LibraryMessage()
        var (ids, count) = (UnsafePointer<Int32>?.none, 0)
        let result = message.filled {
            csp_encode(model, text.baseAddress?.assumingMemoryBound(to: CChar.self), text.count, &ids, &count, $0, $1)
        }
        guard result == 0 else { throw .sentencePieceFailed(operation: "encoding", reason: message.text) }
        return UnsafeBufferPointer(start: ids, count: count)
    }

    /// The bytes of `text` that each of its `count` pieces stands for: as before the normalisation, without an added blank. They follow one another.
    ///
    /// Blanks that the normalisation removes belong to no piece. Of the pieces of one character, all but the last stand for no bytes.
    func places(_ text: UnsafeRawBufferPointer, count: Int) throws(TextDataError) -> [Range<Int>] {
        var (bytes, size) = (UnsafeRawPointer?.none, 0)
        csp_encode_with_places(model, text.baseAddress?.assumingMemoryBound(to: CChar.self), text.count, &bytes, &size)
        let message = Array(UnsafeRawBufferPointer(start: bytes, count: size))
        var (fields, places) = (ProtobufFields(message[...]), [Range<Int>]())
        while let field = fields.next() {
            guard field.number == 2, case .bytes(let piece) = field.value else { continue }
            if let place = Self.place(ofPiece: piece), place.upperBound <= text.count { places.append(place) }
        }
        guard places.count == count else {
            throw .sentencePieceFailed(operation: "encoding", reason: "\(count) pieces have \(places.count) places in the text")
        }
        return places
    }

    /// The fields `begin` and `end` of a piece in `sentencepiece.proto`; nil if they are no range.
    private static func place(ofPiece piece: ArraySlice<UInt8>) -> Range<Int>? {
        var (fields, begin, end) = (ProtobufFields(piece), 0, 0)
        while let field = fields.next() {
            switch (field.number, field.value) {
            case (4, .number(let value)): begin = Int(truncatingIfNeeded: value)
            case (5, .number(let value)): end = Int(truncatingIfNeeded: value)
            default: break
            }
        }
        return begin >= 0 && begin <= end ? begin..<end : nil
    }
}

extension SentencePieceModel {
    /// An encoder of this model, for one thread at a time. Loads the library and the model at the first call.
    ///
    /// Throws `noSentencePieceLibrary` (66), and `badSentencePieceModel` (65) if the library refuses the model.
    func loadedEncoder() throws(TextDataError) -> SentencePieceEncoder {
        let result: Result<SentencePieceEncoder, TextDataError> = encoder.withLock { encoder in
            if let encoder { return .success(encoder) }
            do throws(TextDataError) {
                let loaded = try SentencePieceEncoder(bytes, source: source)
                encoder = loaded
                return .success(loaded)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}

/// SentencePiece's library, which is loaded when it is first used.
public enum SentencePieceLibrary {
    /// The Debian package of the library.
    public static let package = "libsentencepiece-dev"

    /// Whether the library can be loaded.
    public static var isInstalled: Bool { csp_open(nil, 0) == 0 }

    /// Throws `noSentencePieceLibrary` (66) unless the library can be loaded.
    public static func require() throws(TextDataError) {
        var message = LibraryMessage()
        guard message.filled({ csp_open($0, $1) }) == 0 else { throw .noSentencePieceLibrary(reason: message.text) }
    }
}
