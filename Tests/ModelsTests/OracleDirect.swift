/// Direct weights from hashed contexts to logits.
struct OracleDirect: Sendable {
    let order: Int
    let size: Int

    func rowCount(columns: Int, parts: Int = 1) -> Int { max(size / parts / columns, 1) }

    private func mixed(_ value: UInt64, _ number: Int) -> UInt64 {
        let product = (value ^ UInt64(number)) &* 0xBF58_476D_1CE4_E5B9
        return product ^ (product >> 32)
    }

    /// The rows of a table of `rowCount` rows for the contexts of the last 1, 2, ... tokens, the last token first.
    func rows(_ context: [Int], of targets: Int = 0, rowCount: Int) -> [Int] {
        var value: UInt64 = 0x9E37_79B9_7F4A_7C15
        return context.prefix(order).map { token in
            value = mixed(value, token + 1)
            return Int(mixed(max(value, 1), targets) % UInt64(rowCount))
        }
    }

    /// The sum of the first `count` columns of rows of a table `[rowCount, columns]`.
    func sum(_ table: [Double], _ rows: [Int], columns: Int, count: Int) -> [Double] {
        (0..<count).map { w in rows.reduce(0) { $0 + table[$1 * columns + w] } }
    }

    func addGradient(_ dLogits: [Double], _ rows: [Int], columns: Int, to gradient: inout [Double]) {
        for row in rows { for w in dLogits.indices { gradient[row * columns + w] += dLogits[w] } }
    }
}
