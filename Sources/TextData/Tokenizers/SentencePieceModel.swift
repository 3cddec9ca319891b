import Files
import Synchronization

/// A model of SentencePiece (Kudo & Richardson 2018): its pieces, and how they become text again.
///
/// Reading the model and decoding need only the bytes of the model. Encoding and training need the library, which is loaded then.
/// Source: `sentencepiece_model.proto` of google/sentencepiece.
public final class SentencePieceModel: Sendable {
    /// What a piece is.
    enum Kind: UInt64, Sendable {
        case normal = 1
        case unknown, control, userDefined, unused, byte
    }

    struct Piece: Sendable {
        var text: [UInt8] = []
        var kind = Kind.normal
    }

    /// The serialised model, as in a file `.model`.
    public let bytes: [UInt8]
    /// The name of the model in messages.
    let source: String
    /// What each piece is. `[V]`
    let kinds: [Kind]
    /// The texts of the pieces.
    let symbols: SymbolIndex
    /// The number of `</s>`, which ends a line.
    let lineEnd: Int32
    /// The number of `<unk>`.
    let unknown: Int32
    /// Whether the blank before the first piece of a line is not a blank of the text.
    let dropsFirstBlank: Bool
    /// Whether no line begins with a blank, however many pieces are blanks.
    let dropsAllFirstBlanks: Bool
    /// V, the number of pieces.
    public var size: Int { kinds.count }
    let encoder = Mutex<SentencePieceEncoder?>(nil)

    /// Reads a serialised model. `source` names it in messages. Throws `badSentencePieceModel` (65).
    public init(_ bytes: [UInt8], source: String) throws(TextDataError) {
        var contents = Contents()
        guard contents.read(bytes) else {
            throw .badSentencePieceModel(source: source, reason: "it is damaged, or a file of another format")
        }
        let end = contents.pieces.firstIndex { $0.kind == .control && $0.text == contents.lineEnd }
        guard let end else {
            throw .badSentencePieceModel(
                source: source, reason: "it has no piece </s> for line ends. Train it without --eos_id=-1")
        }
        guard let unknown = contents.pieces.firstIndex(where: { $0.kind == .unknown }) else {
            throw .badSentencePieceModel(source: source, reason: "it has no piece <unk>")
        }
        if contents.isSuffix {
            throw .badSentencePieceModel(
                source: source, reason: "it marks the ends of words (--treat_whitespace_as_suffix), which is not supported")
        }
        var table = SymbolTable()
        for piece in contents.pieces { piece.text.withUnsafeBytes { _ = table.findOrAdd(ScannedToken($0)) } }
        guard table.count == contents.pieces.count, contents.pieces.allSatisfy({ !$0.text.isEmpty }) else {
            throw .badSentencePieceModel(source: source, reason: "a piece is empty or occurs twice")
        }
        (self.bytes, self.source) = (bytes, source)
        (kinds, lineEnd, self.unknown) = (contents.pieces.map(\.kind), Int32(end), Int32(unknown))
        symbols = SymbolIndex(table)
        dropsAllFirstBlanks = contents.removesBlanks
        dropsFirstBlank = contents.addsPrefix || contents.removesBlanks
    }

    /// Reads a file. Throws `file` (66, 65, 74), `badSentencePieceModel` (65).
    public convenience init(path: String) throws(TextDataError) {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try ReadableFile.contents(of: path, limit: Self.mostBytes)
        } catch {
            throw TextDataError(error)
        }
        try self.init(bytes, source: path)
    }

    /// A checkpoint holds the model in its header, which is limited.
    private static let mostBytes = 50_000_000

    /// U+2581, which stands for a blank in a piece.
    static let blank: [UInt8] = [0xE2, 0x96, 0x81]
}

/// The fields of `ModelProto` that are used here.
private struct Contents {
    var pieces: [SentencePieceModel.Piece] = []
    var lineEnd = Array("</s>".utf8)
    var isSuffix = false
    var addsPrefix = true
    var removesBlanks = true

    /// False if the bytes are not a model.
    mutating func read(_ bytes: [UInt8]) -> Bool {
        var fields = ProtobufFields(bytes[...])
        while let field = fields.next() {
            guard case .bytes(let part) = field.value else { continue }
            let isSound =
                switch field.number {
                case 1: readPiece(part)
                case 2: readTrainer(part)
                case 3: readNormalizer(part)
                default: true
                }
            if !isSound { return false }
        }
        return !fields.isDamaged && pieces.count >= 2 && pieces.count <= Int(Int32.max)
    }

    private mutating func readPiece(_ bytes: ArraySlice<UInt8>) -> Bool {
        var (fields, piece) = (ProtobufFields(bytes), SentencePieceModel.Piece())
        while let field = fields.next() {
            switch (field.number, field.value) {
            case (1, .bytes(let text)): piece.text = Array(text)
            case (3, .number(let kind)):
                guard let kind = SentencePieceModel.Kind(rawValue: kind) else { return false }
                piece.kind = kind
            default: break
            }
        }
        pieces.append(piece)
        return !fields.isDamaged
    }

    private mutating func readTrainer(_ bytes: ArraySlice<UInt8>) -> Bool {
        var fields = ProtobufFields(bytes)
        while let field = fields.next() {
            switch (field.number, field.value) {
            case (24, .number(let value)): isSuffix = value != 0
            case (47, .bytes(let text)): lineEnd = Array(text)
            default: break
            }
        }
        return !fields.isDamaged
    }

    private mutating func readNormalizer(_ bytes: ArraySlice<UInt8>) -> Bool {
        var fields = ProtobufFields(bytes)
        while let field = fields.next() {
            switch (field.number, field.value) {
            case (3, .number(let value)): addsPrefix = value != 0
            case (4, .number(let value)): removesBlanks = value != 0
            default: break
            }
        }
        return !fields.isDamaged
    }
}
