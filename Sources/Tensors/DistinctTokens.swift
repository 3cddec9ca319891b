/// Numbers tokens in order of first occurrence, so that work that depends only on the token is done once for all its rows.
///
/// Each window reuses the same memory. The numbering is a sparse set (Briggs & Torczon 1993), which needs no clearing: the entry
/// of a token is valid only if its number refers back to the token.
public final class DistinctTokens {
    /// The number of distinct tokens so far.
    public private(set) var count = 0
    private let tokenOfNumber: UnsafeMutablePointer<Int32>  // [rows]
    private let numberOfRow: UnsafeMutablePointer<Int32>  // [rows]
    private let numberOfToken: UnsafeMutablePointer<Int32>  // [V]
    private var groupStart = 0

    public init(vocabularySize: Int, maximumRows: Int, workspace: Workspace) {
        tokenOfNumber = workspace.allocate(Int32.self, count: maximumRows)
        numberOfRow = workspace.allocate(Int32.self, count: maximumRows)
        numberOfToken = workspace.allocate(Int32.self, count: vocabularySize)
    }

    /// The token of each number, `[count]`.
    public var tokens: UnsafePointer<Int32> { UnsafePointer(tokenOfNumber) }
    /// The number of each row of the window.
    public var numbers: UnsafePointer<Int32> { UnsafePointer(numberOfRow) }

    /// Numbers the tokens of rows `0..<rows`.
    public func number(_ tokens: UnsafePointer<Int32>, rows: Int) {
        begin()
        for row in 0..<rows { place(tokens[row], row: row) }
    }

    /// Removes all numbers.
    func begin() { (count, groupStart) = (0, 0) }

    /// Begins a group. In each group every token gets a new number.
    func beginGroup() { groupStart = count }

    /// Gives the row's token a number, if it has none in this group.
    func place(_ token: Int32, row: Int) {
        var number = Int(numberOfToken[Int(token)])
        if number < groupStart || number >= count || tokenOfNumber[number] != token {
            number = count
            count += 1
            tokenOfNumber[number] = token
            numberOfToken[Int(token)] = Int32(number)
        }
        numberOfRow[row] = Int32(number)
    }
}
