import Failures
import Foundation

/// The scale of an axis: from values to 0...1, with labelled ticks.
struct ChartScale {
    /// Whether equal distances are equal ratios.
    let isLogarithmic: Bool
    let ticks: [Double]
    private let low: Double
    private let high: Double

    /// A scale for values in `range`, widened to round numbers unless `isExact`.
    ///
    /// A logarithmic scale needs positive values.
    init(_ range: ClosedRange<Double>, isLogarithmic: Bool = false, isExact: Bool = false, tickCount: Int = 5) {
        self.isLogarithmic = isLogarithmic
        if isLogarithmic {
            let decades = Self.decades(range)
            ticks = decades
            (low, high) = (min(range.lowerBound, decades.first ?? 1), max(range.upperBound, decades.last ?? 1))
        } else {
            let step = Self.step((range.upperBound - range.lowerBound) / Double(tickCount))
            let first = isExact ? (range.lowerBound / step).rounded(.up) : (range.lowerBound / step).rounded(.down)
            let last = isExact ? (range.upperBound / step).rounded(.down) : (range.upperBound / step).rounded(.up)
            ticks = stride(from: first, through: max(first, last), by: 1).map { $0 * step }.filter(\.isFinite)
            low = isExact ? range.lowerBound : first * step
            high = isExact ? range.upperBound : min(max(last, first + 1) * step, .greatestFiniteMagnitude)
        }
    }

    /// 1, 2 or 5 times a power of ten, not below `least`.
    private static func step(_ least: Double) -> Double {
        guard least > 0, least.isFinite else { return 1 }
        let power = pow(10, log10(least).rounded(.down))
        return [1, 2, 5, 10].map { $0 * power }.first { $0 >= least * 0.999_999 } ?? power
    }

    /// 1, 2 and 5 times powers of ten around a range; powers of ten alone if these are many.
    private static func decades(_ range: ClosedRange<Double>) -> [Double] {
        // The powers of ten that a number can have: a rounded end of the range could be none.
        let (low, high) = (log10(range.lowerBound).rounded(.down), log10(range.upperBound).rounded(.up))
        let exponents = Int(min(max(low, -307), 308))...Int(min(max(high, -307), 308))
        let factors: [Double] = exponents.count > 3 ? [1] : [1, 2, 5]
        let all = exponents.flatMap { exponent in factors.map { $0 * pow(10, Double(exponent)) } }.filter(\.isFinite)
        let first = all.lastIndex { $0 <= range.lowerBound } ?? 0
        let last = all.firstIndex { $0 >= range.upperBound } ?? all.count - 1
        return Array(all[first...max(first, last)])
    }

    /// The place of a value, in 0...1 within the scale.
    func place(_ value: Double) -> Double {
        guard high > low else { return 0.5 }
        return isLogarithmic
            ? (log(max(value, .leastNormalMagnitude)) - log(low)) / (log(high) - log(low)) : (value - low) / (high - low)
    }

    /// The label of a tick: `0.002`, `250`, `1.2 M`.
    static func label(_ value: Double) -> String {
        switch abs(value) {
        case 0: "0"
        case 1e12...: exponent(value)
        case 1e6...: NumberText.significant(value / 1e6, 4) + " M"
        case 1e4...: NumberText.significant(value / 1e3, 4) + " k"
        case ..<1e-3: exponent(value)
        default: NumberText.significant(value, 4)
        }
    }

    private static func exponent(_ value: Double) -> String {
        let power = log10(abs(value)).rounded(.down)
        return "\(NumberText.significant(value / pow(10, power), 2))e\(Int(power))"
    }
}
