/// The discounts of the n-grams of one order: `D(1)`, `D(2)`, and `D(3)` for all higher counts.
///
/// With `n_k` the number of n-grams with adjusted count k and `Y = n_1 / (n_1 + 2 n_2)`, `D(k) = k - (k + 1) Y n_(k+1) / n_k`.
/// Source: Chen & Goodman 1998, equation 26.
public struct Discounts: Sendable, Equatable {
    /// D(1), D(2), D(3). `[3]`
    public let values: [Double]
    /// Whether the counts of the text give no discounts, so that those of KenLM's `lmplz --discount_fallback` replace them.
    public let areFallback: Bool

    /// KenLM's discounts for small texts.
    static let fallback = [0.5, 1, 1.5]

    /// - Parameter countsOfCounts: the numbers of n-grams with adjusted counts 0 to 4. `[5]`
    init(countsOfCounts n: [Int]) {
        let values = Self.values(n)
        (self.values, areFallback) = (values ?? Self.fallback, values == nil)
    }

    /// Nil if a count of counts is 0 or a discount is out of range.
    private static func values(_ n: [Int]) -> [Double]? {
        guard n[1] > 0, n[2] > 0, n[3] > 0 else { return nil }
        let y = Double(n[1]) / Double(n[1] + 2 * n[2])
        let values = (1...3).map { Double($0) - Double($0 + 1) * y * Double(n[$0 + 1]) / Double(n[$0]) }
        let isValid = zip(1...3, values).allSatisfy { count, value in value >= 0 && value <= Double(count) }
        return isValid ? values : nil
    }

    /// D(`count`); 0 for 0.
    @inline(__always)
    func discount(_ count: UInt32) -> Double { count == 0 ? 0 : values[Int(min(count, 3)) - 1] }
}
