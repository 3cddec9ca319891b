/// The positions of NUL characters in a text. Plain text has none.
public struct NulCharacters: Sendable, Equatable {
    /// The byte offset of the first NUL in the file.
    public let byteOffset: Int
    /// The encoding that the positions suggest, by its name in `iconv`; nil if they suggest none.
    public let encoding: String?

    /// The NUL characters of a text whose first NUL is at `offset`. Examines a sample after it. `firstByte` is the offset of the text in its file.
    init(in text: UnsafeRawBufferPointer, offset: Int, firstByte: Int) {
        byteOffset = firstByte + offset
        let start = offset / 4 * 4
        let quads = min(1024, (text.count - start) / 4)
        var zeros = [0, 0, 0, 0]
        for place in 0..<4 * quads where text[start + place] == 0 { zeros[(firstByte + place) % 4] += 1 }
        // ASCII text in a wide encoding has a NUL at nearly all of these positions, and none at the others.
        let (many, few) = zeros.map { $0 * 10 > quads * 8 }.split(few: zeros.map { $0 * 10 < quads })
        switch (many, few) {
        case ([1, 2, 3], [0]): encoding = "UTF-32LE"
        case ([0, 1, 2], [3]): encoding = "UTF-32BE"
        case ([1, 3], [0, 2]): encoding = "UTF-16LE"
        case ([0, 2], [1, 3]): encoding = "UTF-16BE"
        default: encoding = nil
        }
    }

    /// One line for the user about the text.
    public func notice(source: String) -> String {
        if let encoding {
            return "\(source): this looks like \(encoding) without a byte-order mark. Convert it (iconv -f \(encoding) -t UTF-8)."
        }
        return "\(source): the text has NUL characters, the first at byte \(byteOffset). Check that the file is a text."
    }
}

extension [Bool] {
    /// The positions that are true in both.
    fileprivate func split(few: [Bool]) -> (many: [Int], few: [Int]) {
        (indices.filter { self[$0] }, indices.filter { few[$0] })
    }
}
