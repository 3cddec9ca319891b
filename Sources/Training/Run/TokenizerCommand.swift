import TextData

/// What rank 0 broadcasts to the other ranks of a `DistributedTokenizer` before they do something together.
struct TokenizerCommand: BitwiseCopyable {
    enum Action: Int64 {
        case finish, open, scan, scanAndCount, receiveVocabulary, encode
    }

    private var rawAction: Int64
    /// Of the text, or of its unit where there is no text yet.
    private var number: Int64 = 0
    /// Blocks of the text; for `.open`, the bytes of the file that are the text, with `upper` -1 for all.
    private var lower: Int64 = 0
    private var upper: Int64 = 0

    init(_ action: Action) { rawAction = action.rawValue }

    /// On some blocks of a text.
    init(_ action: Action, text: Int, _ blocks: Range<Int>) {
        self.init(action)
        (number, lower, upper) = (Int64(text), Int64(blocks.lowerBound), Int64(blocks.upperBound))
    }

    /// With a unit.
    init(_ action: Action, unit: TokenUnit, lower: Int = 0, upper: Int = 0) {
        self.init(action)
        (number, self.lower, self.upper) = (Int64(TokenUnit.allCases.firstIndex(of: unit) ?? 0), Int64(lower), Int64(upper))
    }

    var action: Action { Action(rawValue: rawAction) ?? .finish }
    var textNumber: Int { Int(number) }
    var unit: TokenUnit { TokenUnit.allCases[Int(number)] }
    var blocks: Range<Int> { Int(lower)..<Int(upper) }
    /// The bytes of the file that are the text; nil for the whole file.
    var part: Range<Int>? { upper < 0 ? nil : Int(lower)..<Int(upper) }
}
