public import Tensors

/// How the parameters of a new model are initialised.
public enum InitializationKind: String, Codable, CaseIterable, Sendable {
    /// Every parameter except time scales, including biases, is uniform in +-scale (Zaremba et al. 2014, char-rnn).
    case uniform
    /// Recurrent matrices are orthogonal for each gate (Saxe et al. 2014). Input matrices are uniform (Glorot & Bengio 2010).
    /// Embedding and output are uniform in +-scale. Biases are zero.
    case orthogonal
    /// As `orthogonal`, but recurrent matrices are identities (Le, Jaitly & Hinton 2015: for relu).
    case identity
}

/// Fills the parameters of a new model, from a seed.
///
/// Each number depends on the seed, the offset of its parameter in the layout, and its own index in the parameter. One rank runs
/// it and distributes the result.
public struct ParameterInitialization: Sendable {
    /// The method for recurrent matrices.
    public var kind: InitializationKind
    public var scale: Float
    /// Added to the bias of an LSTM's forget gate, in `bias_ih` (Gers et al. 2000; 1 in Jozefowicz et al. 2015).
    public var forgetBias: Float
    public var seed: UInt64

    public init(kind: InitializationKind, scale: Float, forgetBias: Float, seed: UInt64) {
        self.kind = kind
        self.scale = scale
        self.forgetBias = forgetBias
        self.seed = seed
    }

    /// Fills `values`, laid out as `layout`. Padding is unchanged.
    public func fill(_ values: UnsafeMutablePointer<Float>, _ layout: ParameterLayout) {
        for (index, entry) in layout.entries.enumerated() {
            let own = values + entry.offset
            fill(own, entry, index: UInt64(index))
            if case .forgetting(let range) = entry.start { for unit in range { own[unit] += forgetBias } }
        }
    }

    private func fill(_ values: UnsafeMutablePointer<Float>, _ entry: ParameterLayout.Entry, index: UInt64) {
        switch entry.start {
        case .spread(let first, let last): ParameterStart.spread(from: first, to: last, into: values, count: entry.count)
        case _ where kind == .uniform: fillUniform(values, count: entry.count, limit: scale, index: index)
        case .table: fillUniform(values, count: entry.count, limit: scale, index: index)
        case .input(let outputs):
            let limit = (6 / Float(entry.shape[1] + outputs)).squareRoot()
            fillUniform(values, count: entry.count, limit: limit, index: index)
        case .recurrent:
            let n = entry.shape[1]
            for gate in 0..<(entry.shape[0] / n) { fillRecurrent(values + gate * n * n, n: n, index: index, gate: gate) }
        case .zero, .forgetting: values.update(repeating: 0, count: entry.count)
        }
    }

    private func fillUniform(_ values: UnsafeMutablePointer<Float>, count: Int, limit: Float, index: UInt64) {
        let random = CounterRandom(seed: seed, purpose: .initialization)
        for i in 0..<count { values[i] = Float((2 * random.uniform(UInt64(i), index) - 1) * Double(limit)) }
    }

    private func fillRecurrent(_ values: UnsafeMutablePointer<Float>, n: Int, index: UInt64, gate: Int) {
        if kind == .identity {
            for i in 0..<(n * n) { values[i] = i % (n + 1) == 0 ? 1 : 0 }
            return
        }
        let random = CounterRandom(seed: seed, purpose: .initialization)
        for i in 0..<(n * n) { values[i] = normal(random, UInt64(gate * n * n + i), index) }
        LinearAlgebra.orthogonalize(values, n: n)
    }

    /// A normal number, approximated by the sum of twelve uniform numbers less six (Irwin-Hall). This is accurate enough for a
    /// random direction, and uses no function whose bits depend on libm.
    private func normal(_ random: CounterRandom, _ counter: UInt64, _ index: UInt64) -> Float {
        var sum = 0.0
        for part in 0..<UInt64(3) {
            let (a, b, c, d) = random.block(counter, index | (part + 1) << 32)
            for word in [a, b, c, d] { sum += Double(word) * 0x1p-32 }
        }
        return Float(sum - 6)
    }
}
