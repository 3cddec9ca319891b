public import Kinds
import Tensors

/// The training loss of a row over its target and the samples of the step.
protocol SampledObjective: Sendable {
    static var name: String { get }
    static var summary: String { get }
    static var settings: [any DeclaredSetting] { get }

    init(_ settings: Settings)

    /// What is added to the logit of a token, from the logarithm of its expected number of draws and of its draws.
    func correction(logExpected: Float, logCount: Float) -> Float

    /// The loss, in nats, and the gradient of `row.scale` times it: `row.x` becomes that of the samples' logits; that of the target's is returned, and is 0
    /// if the target is a sample, whose gradient then contains it.
    func take(_ row: SampledRow) -> (loss: Double, target: Float)
}

/// The corrected logits of a row.
struct SampledRow {
    let x: UnsafeMutablePointer<Float>  // [count], of the samples
    let counts: UnsafePointer<Float>  // [count], draws
    let count: Int
    /// The corrected logit of the target, as of a token that was drawn once.
    let target: Float
    /// The place of the target among the samples; -1 if it is none of them.
    let place: Int
    let scale: Float
    let scratch: UnsafeMutablePointer<Float>  // [count]

    /// Adds a gradient of the target to that of its sample, and returns what is left for the target itself.
    func settle(_ gradient: Float) -> Float {
        guard place >= 0 else { return gradient }
        x[place] += gradient
        return 0
    }
}

/// `-log softmax(s - log(k q))[target]` over the target and the samples, without samples that are the target.
///
/// Source: Jean et al. 2015; the correction is that of Bengio & Senécal 2008.
struct SampledSoftmaxObjective: SampledObjective {
    static let name = "sampled"
    static let summary =
        "Full softmax whose training loss is estimated from samples: softmax over the target and the samples, with logits corrected by `-log(k q(w))` (Jean et al. 2015)."
    static let settings: [any DeclaredSetting] = [OutputSettings.samples, OutputSettings.samplePower]

    init(_ settings: Settings) {}

    func correction(logExpected: Float, logCount: Float) -> Float { logCount - logExpected }

    func take(_ row: SampledRow) -> (loss: Double, target: Float) {
        let (x, n) = (row.x, row.count)
        if row.place >= 0 { x[row.place] = row.target }
        var largest = row.target
        for j in 0..<n { largest = x[j] > largest ? x[j] : largest }
        for j in 0..<n { x[j] -= largest }
        RowKernels.exp(count: n, x, into: x)
        let own = RowKernels.exp(Double(row.target - largest))
        var sum = row.place >= 0 ? 0 : own
        for j in 0..<n { sum += Double(x[j]) }
        let factor = Float(Double(row.scale) / sum)
        for j in 0..<n { x[j] *= factor }
        let loss = RowKernels.log(sum) - Double(row.target - largest)
        return (loss, row.settle(row.place >= 0 ? -row.scale : Float(Double(row.scale) * (own / sum - 1))))
    }
}

extension OutputSettings {
    public static let logNormalizer = Setting(
        "nce-log-normalizer", 9.0, range: .signed, placeholder: "x",
        "Logarithm of the constant by which noise-contrastive estimation normalises `exp(W h + b)`. The default is that of Chen et al. (2015). With a value far below the logarithm of the vocabulary's size, rare tokens get too much probability."
    )
}

/// Noise-contrastive estimation with a constant normaliser Z: `softplus(-d(target)) + sum over samples softplus(d)`, with
/// `d(w) = s(w) - log Z - log(k q(w))`.
///
/// Source: Gutmann & Hyvärinen 2010, Mnih & Teh 2012; with samples shared by the batch, Chen et al. 2015.
struct NoiseContrastiveObjective: SampledObjective {
    static let name = "nce"
    static let summary =
        "Full softmax trained by noise-contrastive estimation: each target is told from the samples by logistic regression, with a constant normaliser (Mnih & Teh 2012, Chen et al. 2015)."
    static let settings: [any DeclaredSetting] = [
        OutputSettings.samples, OutputSettings.samplePower, OutputSettings.logNormalizer,
    ]

    private let logNormalizer: Float

    init(_ settings: Settings) { logNormalizer = Float(settings[OutputSettings.logNormalizer]) }

    func correction(logExpected: Float, logCount: Float) -> Float { -logNormalizer - logExpected }

    func take(_ row: SampledRow) -> (loss: Double, target: Float) {
        let (x, e, n) = (row.x, row.scratch, row.count)
        for j in 0..<n { e[j] = -abs(x[j]) }
        RowKernels.exp(count: n, e, into: e)
        // softplus(x) = max(x, 0) + log(1 + e^-|x|). Several factors 1 + e^-|x| have one logarithm.
        var (loss, product) = (0.0, 1.0)
        for j in 0..<n {
            let (count, size) = (row.counts[j], 1 + Double(e[j]))
            loss += x[j] > 0 ? Double(count * x[j]) : 0
            if count == 1 { product *= size } else { loss += Double(count) * RowKernels.log(size) }
            if !(product < 1e100) {
                loss += RowKernels.log(product)
                product = 1
            }
            x[j] = Float(Double(row.scale * count) * (x[j] > 0 ? 1 / size : 1 - 1 / size))
        }
        loss += RowKernels.log(product)
        let d = Double(row.target)
        let size = 1 + RowKernels.exp(-abs(d))
        loss += max(-d, 0) + RowKernels.log(size)
        return (loss, row.settle(Float(Double(row.scale) * (d > 0 ? 1 / size - 1 : -1 / size))))
    }
}

/// BlackOut: with `p = softmax(s - log q)` over the target and the samples other than the target, `-log p(target) - sum over samples log(1 - p)`.
///
/// Source: Ji et al. 2016. `1 - p` is at least 2^-20.
struct BlackOutObjective: SampledObjective {
    static let name = "blackout"
    static let summary =
        "Full softmax trained by BlackOut: as sampled, and the probabilities of the samples are pushed down one by one (Ji et al. 2016)."
    static let settings: [any DeclaredSetting] = [OutputSettings.samples, OutputSettings.samplePower]

    init(_ settings: Settings) {}

    func correction(logExpected: Float, logCount: Float) -> Float { -logExpected }

    func take(_ row: SampledRow) -> (loss: Double, target: Float) {
        let (x, n) = (row.x, row.count)
        func count(_ j: Int) -> Double { j == row.place ? 0 : Double(row.counts[j]) }
        var largest = row.target
        for j in 0..<n where j != row.place { largest = x[j] > largest ? x[j] : largest }
        for j in 0..<n { x[j] = j == row.place ? -.infinity : x[j] - largest }
        RowKernels.exp(count: n, x, into: x)
        let own = RowKernels.exp(Double(row.target - largest))
        var sum = own
        for j in 0..<n { sum += count(j) * Double(x[j]) }
        // Of the samples: odds p / (1 - p), and the logarithm of the product of 1 - p.
        var (odds, loss, product) = (0.0, RowKernels.log(sum) - Double(row.target - largest), 1.0)
        for j in 0..<n {
            let p = Double(x[j]) / sum
            let rest = max(1 - p, 0x1p-20)
            odds += count(j) * p / rest
            if count(j) == 1 { product *= rest } else { loss -= count(j) * RowKernels.log(rest) }
            if product < 1e-100 {
                loss -= RowKernels.log(product)
                product = 1
            }
        }
        loss -= RowKernels.log(product)
        let scale = Double(row.scale)
        for j in 0..<n {
            let p = Double(x[j]) / sum
            x[j] = Float(scale * count(j) * (p * (1 - odds) + p / max(1 - p, 0x1p-20)))
        }
        return (loss, row.settle(Float(scale * (own / sum * (1 - odds) - 1))))
    }
}
