import Tensors

/// The settings of a continuous cache.
public struct CacheSettings: Sendable, Equatable {
    /// The number of the last outputs that are kept.
    public var size: Int
    /// The factor of the scalar product of two outputs: 0 counts all kept tokens equally.
    public var theta: Double
    /// The weight of the cache in the interpolation, from 0 to below 1.
    public var lambda: Double

    /// A cache of `size` outputs.
    public init(size: Int, theta: Double, lambda: Double) { (self.size, self.theta, self.lambda) = (size, theta, lambda) }
}

/// A cache of the last outputs of a model, each with the token that followed it: it predicts a token from similar outputs before.
///
/// `p_cache(w) = sum_i [x_(i+1) = w] e^(theta h_t . h_i) / sum_i e^(theta h_t . h_i)` over the kept outputs h_i, and
/// `p = (1 - lambda) p_model + lambda p_cache`. While the cache is empty, p is p_model. Source: Grave, Joulin & Usunier 2017, "Improving neural
/// language models with a continuous cache", section 3, equations 2 to 5. Cost: a scalar product of H elements and an exponential for each kept
/// output and token; memory: `size` times H floats.
public struct ContinuousCache {
    private let settings: CacheSettings
    private let columns: Int
    private let outputs: UnsafeMutablePointer<Float>  // [size, H], a ring
    private let tokens: UnsafeMutablePointer<Int32>  // [size]
    private let products: UnsafeMutablePointer<Float>  // [size]
    private let workspace = Workspace()
    private var kept = 0
    private var next = 0

    /// - Parameter columns: H, of the model's output.
    public init(_ settings: CacheSettings, columns: Int) {
        precondition(settings.size > 0, "a cache of \(settings.size) outputs")
        (self.settings, self.columns) = (settings, columns)
        outputs = workspace.allocate(Float.self, count: settings.size * columns)
        tokens = workspace.allocate(Int32.self, count: settings.size)
        products = workspace.allocate(Float.self, count: settings.size)
    }

    /// Bytes of the memory.
    public static func byteCount(_ settings: CacheSettings, columns: Int) -> Int { 4 * settings.size * (columns + 2) }

    /// Forgets all outputs, as at the start of a text.
    public mutating func reset() { (kept, next) = (0, 0) }

    /// The surprisal of `token` in nats, from the surprisal `loss` of the model. Then keeps the output and the token.
    ///
    /// Shape: `output` `[H]`, from which the model predicts the token.
    public mutating func surprisal(of token: Int32, loss: Double, output: UnsafePointer<Float>) -> Double {
        let result = kept == 0 ? loss : surprisal(of: probability(of: token, loss: loss, output: output), loss: loss)
        (outputs + next * columns).update(from: output, count: columns)
        tokens[next] = token
        next = (next + 1) % settings.size
        kept = min(kept + 1, settings.size)
        return result
    }

    /// Below the smallest doubles, a probability is that of the model alone.
    private func surprisal(of probability: Double, loss: Double) -> Double {
        probability < 1e-290 ? loss - RowKernels.log(1 - settings.lambda) : -RowKernels.log(probability)
    }

    private func probability(of token: Int32, loss: Double, output: UnsafePointer<Float>) -> Double {
        RowKernels.dots(output, with: MatrixView(outputs, rows: kept, columns: columns), into: products)
        var largest = -Double.infinity
        // Products that overflow count as nothing, too.
        if settings.theta == 0 { products.update(repeating: 0, count: kept) }
        for place in 0..<kept { largest = max(largest, settings.theta * Double(products[place])) }
        var (sum, own) = (0.0, 0.0)
        for place in 0..<kept {
            let weight = RowKernels.exp(settings.theta * Double(products[place]) - largest)
            sum += weight
            if tokens[place] == token { own += weight }
        }
        return (1 - settings.lambda) * RowKernels.exp(-loss) + settings.lambda * own / sum
    }
}
