/// What the surprisal of is asked for: a whole text, or some of its pieces.
package enum Measured: Hashable, Sendable {
    /// All tokens of a text, with its line end.
    case whole(text: Int)
    /// The tokens of these pieces of a text.
    case pieces(text: Int, Range<Int>)

    var text: Int {
        switch self {
        case .whole(let text), .pieces(let text, _): text
        }
    }
}

/// A quantity of an item: sums and differences of surprisals in bits.
package indirect enum Quantity: Equatable, Sendable {
    case surprisal(Measured)
    case literal(Double)
    case sum(Quantity, Quantity)
    case difference(Quantity, Quantity)

    func value(_ surprisal: (Measured) -> Double) -> Double {
        switch self {
        case .surprisal(let measured): surprisal(measured)
        case .literal(let value): value
        case .sum(let a, let b): a.value(surprisal) + b.value(surprisal)
        case .difference(let a, let b): a.value(surprisal) - b.value(surprisal)
        }
    }

    var measured: [Measured] {
        switch self {
        case .surprisal(let measured): [measured]
        case .literal: []
        case .sum(let a, let b), .difference(let a, let b): a.measured + b.measured
        }
    }
}

/// Whether a claim holds. Equal surprisals are neither, up to the rounding of sums.
package enum Truth: Sendable {
    case holds, fails, tie
}

/// What an item claims of its surprisals.
package indirect enum Claim: Equatable, Sendable {
    case less(Quantity, Quantity)
    /// Equal within the tolerance of SyntaxGym: 1e-3 bits and a relative 1e-5.
    case equal(Quantity, Quantity)
    case both(Claim, Claim)
    case either(Claim, Claim)

    /// Surprisals that differ by no more are equal: sums of the same terms in another order differ by their rounding.
    private static let rounding = 1e-9

    func truth(_ surprisal: (Measured) -> Double) -> Truth {
        switch self {
        case .less(let a, let b):
            let (a, b) = (a.value(surprisal), b.value(surprisal))
            if abs(a - b) <= Self.rounding * max(1, abs(a), abs(b)) { return .tie }
            return a < b ? .holds : .fails
        case .equal(let a, let b):
            let (a, b) = (a.value(surprisal), b.value(surprisal))
            return abs(a - b) <= 1e-3 + 1e-5 * abs(b) ? .holds : .fails
        case .both(let a, let b):
            let truths = [a.truth(surprisal), b.truth(surprisal)]
            return truths.contains(.fails) ? .fails : truths.contains(.tie) ? .tie : .holds
        case .either(let a, let b):
            let truths = [a.truth(surprisal), b.truth(surprisal)]
            return truths.contains(.holds) ? .holds : truths.contains(.tie) ? .tie : .fails
        }
    }

    /// Every measurement of the claim, in order, with repetitions.
    var measured: [Measured] {
        switch self {
        case .less(let a, let b), .equal(let a, let b): a.measured + b.measured
        case .both(let a, let b), .either(let a, let b): a.measured + b.measured
        }
    }
}
