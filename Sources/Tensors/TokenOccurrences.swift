internal import CKernels

/// The rows of a window in the order of their tokens, from a counting sort. Each window reuses the same memory.
public final class TokenOccurrences {
    private let mostTokens: Int
    private var vocabularySize = 0  // of the current window
    private let starts: UnsafeMutablePointer<Int32>  // [V + 1]
    private let next: UnsafeMutablePointer<Int32>  // [V]
    private let rows: UnsafeMutablePointer<Int32>  // [T * B]
    private let leaves: UnsafeMutablePointer<Int32>  // [T * B]
    /// The rows that are summed by token.
    var values: MatrixView?

    public init(vocabularySize: Int, maximumRows: Int, workspace: Workspace) {
        mostTokens = vocabularySize
        starts = workspace.allocate(Int32.self, count: vocabularySize + 1)
        next = workspace.allocate(Int32.self, count: vocabularySize)
        rows = workspace.allocate(Int32.self, count: maximumRows)
        leaves = workspace.allocate(Int32.self, count: maximumRows)
    }

    /// `vocabularySize`: that of this window, at most that of the initialiser; nil for all.
    func begin(values: MatrixView?, vocabularySize: Int?) {
        self.vocabularySize = vocabularySize ?? mostTokens
        precondition(self.vocabularySize <= mostTokens, "\(self.vocabularySize) tokens of \(mostTokens)")
        self.values = values
        starts.update(repeating: 0, count: self.vocabularySize + 1)
    }

    /// Counts the tokens; those below 0 are none.
    func count(_ tokens: UnsafePointer<Int32>, rows: Int) {
        for row in 0..<rows where tokens[row] >= 0 { starts[Int(tokens[row]) + 1] += 1 }
        for token in 0..<vocabularySize {
            starts[token + 1] += starts[token]
            next[token] = starts[token]
        }
    }

    func place(row: Int, token: Int, leaf: Int) {
        let at = Int(next[token])
        next[token] += 1
        rows[at] = Int32(row)
        leaves[at] = Int32(leaf)
    }

    var table: ck_occurrences {
        guard let values else { preconditionFailure("the gradient of tokens is requested before they are sorted") }
        return ck_occurrences(
            starts: starts, rows: rows, leaves: leaves, values: values.pointer, ld: values.rowStride)
    }
}
