import Tensors

/// The losses of two models on the same units of a text, in blocks of a line.
public struct PairedLosses: Sendable {
    /// A line.
    struct Block: Sendable {
        var first = 0.0  // nats
        var second = 0.0  // nats
        var units = 0
    }

    private(set) var blocks: [Block] = []
    /// The sums over all tokens in the order of the text, in nats: the bits of the sums of `evaluate` on the same tokens.
    private var sums = (first: 0.0, second: 0.0)
    /// The number of comparisons in which the first loss is lower, in which the second is lower, and in which they are equal.
    public private(set) var better = (first: 0, second: 0, neither: 0)

    package init() {}

    /// Compares the tokens of a line, or the end of the line that both models scored. Returns the number of compared tokens.
    @discardableResult
    package mutating func append(tokens first: [Double], _ second: [Double]) -> Int {
        let count = min(first.count, second.count)
        var block = Block()
        for (a, b) in zip(first.suffix(count), second.suffix(count)) {
            compare(a, b)
            sums.first += a
            sums.second += b
            block.first += a
            block.second += b
            block.units += 1
        }
        if count > 0 { blocks.append(block) }
        return count
    }

    /// Compares the sums of a line of `units` words or bytes.
    package mutating func append(line first: [Double], _ second: [Double], units: Int) {
        let (a, b) = (first.reduce(0, +), second.reduce(0, +))
        compare(a, b)
        for loss in first { sums.first += loss }
        for loss in second { sums.second += loss }
        blocks.append(Block(first: a, second: b, units: units))
    }

    private mutating func compare(_ a: Double, _ b: Double) {
        if a < b { better.first += 1 } else if b < a { better.second += 1 } else { better.neither += 1 }
    }

    /// The number of units: tokens, words or bytes.
    public var unitCount: Int { blocks.reduce(0) { $0 + $1.units } }
    public var blockCount: Int { blocks.count }
    /// Mean losses in nats per unit.
    public var firstLoss: Double { sums.first / Double(unitCount) }
    public var secondLoss: Double { sums.second / Double(unitCount) }
    /// Their exponentials.
    public var firstPerplexity: Double { RowKernels.exp(firstLoss) }
    public var secondPerplexity: Double { RowKernels.exp(secondLoss) }
    /// The first loss minus the second.
    public var difference: Double { firstLoss - secondLoss }

    /// The 95 % interval of the difference by the paired bootstrap (Efron & Tibshirani 1993, percentile method): lines are drawn with replacement,
    /// the same for both models.
    ///
    /// Equal seeds give equal bits. Nil with fewer than two lines.
    public func interval(resamples: Int, seed: UInt64) -> Interval? {
        guard blocks.count > 1 else { return nil }
        let random = CounterRandom(seed: seed, purpose: .resampling)
        let values = blocks.map { (difference: $0.first - $0.second, units: $0.units) }
        let count = UInt64(values.count)
        let differences = (0..<resamples).map { sample in
            var (sum, units) = (0.0, 0)
            for draw in 0..<values.count {
                let value = values[Int(random.block(UInt64(draw), UInt64(sample)).0.multipliedFullWidth(count))]
                sum += value.difference
                units += value.units
            }
            return sum / Double(max(1, units))
        }.sorted()
        let low = Int((0.025 * Double(resamples)).rounded(.down))
        return Interval(low: differences[low], high: differences[resamples - 1 - low])
    }
}

extension UInt32 {
    /// A whole number from 0 to `count - 1`, in proportion to this one.
    fileprivate func multipliedFullWidth(_ count: UInt64) -> UInt64 { (UInt64(self) * count) >> 32 }
}
