import TextData

/// The command that rank 0 broadcasts to the other ranks of a `DistributedTokenizer` before a collective operation.
struct TokenizerCommand: BitwiseCopyable {
    enum Action: Int64 {
        case finish, open, scan, scanAndCount, receiveTokenizer, receiveVocabulary, encode
    }

    private var rawAction: Int64
    /// The number of the text, or of its unit if there is no text yet.
    private var number: Int64 = 0
    /// Blocks of the text. For `.open`, the byte range of the text in the file; `upper` is -1 for the whole file.
    private var lower: Int64 = 0
    private var upper: Int64 = 0

    init(_ action: Action) { rawAction = action.rawValue }

    /// An action on some blocks of a text.
    init(_ action: Action, text: Int, _ blocks: Range<Int>) {
        self.init(action)
        (number, lower, upper) = (Int64(text), Int64(blocks.lowerBound), Int64(blocks.upperBound))
    }

    /// An action with a unit.
    init(_ action: Action, unit: TokenUnit, lower: Int = 0, upper: Int = 0) {
        self.init(action)
        (number, self.lower, self.upper) = (Int64(TokenUnit.allCases.firstIndex(of: unit) ?? 0), Int64(lower), Int64(upper))
    }

    var action: Action { Action(rawValue: rawAction) ?? .finish }
    var textNumber: Int { Int(number) }
    var unit: TokenUnit { TokenUnit.allCases[Int(number)] }
    var blocks: Range<Int> { Int(lower)..<Int(upper) }
    /// The byte range of the text in the file; nil for the whole file.
    var part: Range<Int>? { upper < 0 ? nil : Int(lower)..<Int(upper) }
}
