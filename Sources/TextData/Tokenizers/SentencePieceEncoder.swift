import CSentencePiece
import Synchronization

/// A model that the library has loaded for encoding.
final class SentencePieceEncoder: @unchecked Sendable {  // one thread encodes at a time
    private let model: OpaquePointer

    init(_ bytes: [UInt8]) throws(TextDataError) {
        try SentencePieceLibrary.require()
        var message = SentencePieceLibrary.Message()
        let loaded = message.filled { csp_load(bytes, bytes.count, $0, $1) }
        guard let loaded else { throw .badSentencePieceModel(source: "the SentencePiece model", reason: message.text) }
        model = loaded
    }

    deinit { csp_free(model) }

    /// The numbers of the pieces of a text without line ends, valid until the next call.
    func ids(_ text: UnsafeRawBufferPointer) throws(TextDataError) -> UnsafeBufferPointer<Int32> {
        var message = SentencePieceLibrary.Message()
        var (ids, count) = (UnsafePointer<Int32>?.none, 0)
        let result = message.filled {
            csp_encode(model, text.baseAddress?.assumingMemoryBound(to: CChar.self), text.count, &ids, &count, $0, $1)
        }
        guard result == 0 else { throw .sentencePieceFailed(operation: "encoding", reason: message.text) }
        return UnsafeBufferPointer(start: ids, count: count)
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
                let loaded = try SentencePieceEncoder(bytes)
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
        var message = Message()
        guard message.filled({ csp_open($0, $1) }) == 0 else { throw .noSentencePieceLibrary(reason: message.text) }
    }

    /// Room for a message of the library.
    struct Message {
        private var bytes = [CChar](repeating: 0, count: 1000)

        mutating func filled<Result>(_ call: (UnsafeMutablePointer<CChar>?, Int) -> Result) -> Result {
            bytes.withUnsafeMutableBufferPointer { call($0.baseAddress, $0.count) }
        }

        var text: String { String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) }
    }
}
