/// Numbers tokens in the order in which they first occur, so that what depends on a token alone is done once for all its rows.
///
/// Made anew for each window in memory that stays. A sparse set after Briggs & Torczon 1993, so that nothing is cleared: a token's entry counts
/// where its number leads back to the token.
public final class DistinctTokens {
    /// Numbers given so far.
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

    /// Forgets what was numbered.
    func begin() { (count, groupStart) = (0, 0) }

    /// Begins a group, in which every token gets a number of its own.
    func beginGroup() { groupStart = count }

    /// The row's token gets a number, if it has none in this group.
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
