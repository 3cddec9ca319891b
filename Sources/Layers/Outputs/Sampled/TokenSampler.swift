public import Kinds
import Tensors

extension OutputSettings {
    public static let samples = Setting(
        "samples", 512, range: .whole(1...1_000_000), placeholder: "n",
        "Tokens that a step draws for the training loss, with replacement; all ranks and all predictions of the step use the same ones."
    )
    public static let samplePower = Setting(
        "sample-power", 1.0, range: .number(upTo: 2, orZero: "for equal probabilities"), placeholder: "x",
        "A token is drawn with a probability in proportion to its frequency to the power x: see --token-frequencies.")
}

/// Draws the tokens that a training loss compares with the targets, the same for all rows of a step and on all ranks.
///
/// Token w has the probability `q(w) = f(w)^x / sum`, with its frequency f. The k tokens of a step are drawn with replacement; number i depends on
/// (seed, step, i). Each distinct token is kept once, with the number of times that it was drawn.
final class TokenSampler {
    /// The distinct tokens in ascending order, `[count]`.
    let tokens: UnsafeMutablePointer<Int32>
    /// How often each of them was drawn, `[count]`.
    let counts: UnsafeMutablePointer<Float>
    private(set) var count = 0
    /// The largest number of distinct tokens.
    let mostTokens: Int
    private let draws: Int  // k
    private let size: Int  // V
    private let sums: UnsafeMutablePointer<Double>  // [V], of the unscaled probabilities up to each token
    private let logarithms: UnsafeMutablePointer<Float>  // [V], log(k q)
    private let places: UnsafeMutablePointer<Int32>  // [V], in `tokens`; -1 for tokens that were not drawn

    init(_ shape: OutputShape, _ builder: Builder) {
        let (V, workspace) = (shape.vocabularySize, builder.workspace)
        (size, draws) = (V, shape.settings[OutputSettings.samples])
        mostTokens = min(draws, V)
        let training = builder.capacity.training
        tokens = workspace.allocate(Int32.self, count: training ? mostTokens : 0)
        counts = workspace.allocate(Float.self, count: training ? mostTokens : 0)
        sums = workspace.allocate(Double.self, count: training ? V : 0)
        logarithms = workspace.allocate(Float.self, count: training ? V : 0)
        places = workspace.allocate(Int32.self, count: training ? V : 0)
        // Memory that is measured only must not be written.
        if training, !builder.isMeasuring { prepare(TokenWeights(shape), power: shape.settings[OutputSettings.samplePower]) }
    }

    private func prepare(_ weights: TokenWeights, power: Double) {
        var sum = 0.0
        for w in 0..<size {
            sum += Self.unscaled(w, weights, power)
            sums[w] = sum
            places[w] = -1
        }
        let shift = RowKernels.log(Double(draws)) - RowKernels.log(sum)
        for w in 0..<size { logarithms[w] = Float(shift + power * weights.logarithm(w)) }
    }

    /// q(w) times a constant.
    private static func unscaled(_ token: Int, _ weights: TokenWeights, _ power: Double) -> Double {
        RowKernels.exp(power * weights.logarithm(token))
    }

    /// The expected number of distinct tokens of a step, and the expected share of the targets that are none of them: a token is not drawn with the
    /// probability `(1 - q(w))^k`.
    static func expected(_ shape: OutputShape, targets: (Range<Int>) -> Double) -> (tokens: Double, missedTargets: Double) {
        let (weights, power) = (TokenWeights(shape), shape.settings[OutputSettings.samplePower])
        let draws = Double(shape.settings[OutputSettings.samples])
        let sum = (0..<weights.size).reduce(0) { $0 + unscaled($1, weights, power) }
        return (0..<weights.size).reduce(into: (tokens: 0.0, missedTargets: 0.0)) { result, token in
            let rest = 1 - unscaled(token, weights, power) / sum
            let missed = rest > 0 ? RowKernels.exp(draws * RowKernels.log(rest)) : 0
            result.tokens += 1 - missed
            result.missedTargets += targets(token..<(token + 1)) * missed
        }
    }

    /// Draws the tokens of a step.
    func draw(_ key: Dropout.Key) {
        for i in 0..<count { places[Int(tokens[i])] = -1 }
        let random = CounterRandom(seed: key.seed, purpose: .samples)
        // `places` counts the draws first.
        for i in 0..<draws {
            let token = token(at: random.uniform(UInt64(i), UInt64(key.step)) * sums[size - 1])
            places[token] = max(places[token], 0) + 1
        }
        count = 0
        for w in 0..<size where places[w] > 0 {
            tokens[count] = Int32(w)
            counts[count] = Float(places[w])
            places[w] = Int32(count)
            count += 1
        }
    }

    /// The first token whose sum is above `sum`.
    private func token(at sum: Double) -> Int {
        var (low, high) = (0, size - 1)
        while low < high {
            let middle = (low + high) / 2
            if sums[middle] > sum { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// The place of a token in `tokens`; -1 if the step has not drawn it.
    func place(of token: Int32) -> Int { Int(places[Int(token)]) }

    /// The logarithm of the expected number of draws of a token, `k q(w)`.
    func logExpected(_ token: Int32) -> Float { logarithms[Int(token)] }
}
