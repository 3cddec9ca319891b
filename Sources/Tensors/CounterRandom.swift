internal import CKernels

/// Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011).
///
/// A number depends only on the key and its counter, so any rank can generate the numbers of any stream, unit or parameter.
public struct CounterRandom: Sendable {
    private let key: UInt64

    /// The uses of a seed. Each use has independent numbers.
    public enum Purpose: UInt64, Sendable {
        case initialization = 0x696e_6974
        case generation = 0x6765_6e65
        case dataset = 0x6461_7461
        case words = 0x776f_7264
        case samples = 0x736d_706c
        case resampling = 0x7265_7361
    }

    public init(seed: UInt64, purpose: Purpose) {
        key = seed ^ (purpose.rawValue &* 0xD1B5_4A32_D192_ED03)
    }

    /// Four 32-bit numbers for counter `(a, b)`.
    public func block(_ a: UInt64, _ b: UInt64) -> (UInt32, UInt32, UInt32, UInt32) {
        var result: (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 8) { words in
            let pointer = words.baseAddress!
            pointer[0] = UInt32(truncatingIfNeeded: a)
            pointer[1] = UInt32(truncatingIfNeeded: a >> 32)
            pointer[2] = UInt32(truncatingIfNeeded: b)
            pointer[3] = UInt32(truncatingIfNeeded: b >> 32)
            ck_philox(key, pointer, pointer + 4)
            result = (pointer[4], pointer[5], pointer[6], pointer[7])
        }
        return result
    }

    /// A number in [0, 1) with 53 bits, for counter `(a, b)`.
    public func uniform(_ a: UInt64, _ b: UInt64) -> Double {
        let (high, low, _, _) = block(a, b)
        return Double((UInt64(high) << 32 | UInt64(low)) >> 11) * 0x1p-53
    }
}

/// Dropout (Srivastava et al. 2014; on non-recurrent connections, Zaremba et al. 2014): a unit is kept with
/// probability `1 - probability` and then divided by it.
public struct Dropout: Sendable {
    /// The probability of dropping a unit.
    public let probability: Float

    public init(probability: Float) {
        precondition(probability >= 0 && probability < 1, "dropout with probability \(probability)")
        self.probability = probability
    }

    /// What a mask depends on, besides time step, stream and unit.
    public struct Key: Sendable {
        /// The seed of the run.
        public var seed: UInt64
        public var step: Int
        /// The first stream of this rank among all streams.
        public var firstStream: Int

        public init(seed: UInt64, step: Int, firstStream: Int) {
            self.seed = seed
            self.step = step
            self.firstStream = firstStream
        }
    }

    /// `y = x * mask / (1 - probability)`, for rows `[steps, streams]` of a layer. The backward pass is the same call on a
    /// gradient. `y` may be `x`.
    public func apply(
        steps: Int, streams: Int, columns: Int, layer: Int, key: Key, x: UnsafePointer<Float>, y: UnsafeMutablePointer<Float>
    ) {
        var dropoutKey = ck_dropout_key(
            seed: key.seed, step: UInt32(truncatingIfNeeded: key.step), layer: UInt32(layer),
            first_stream: UInt32(key.firstStream))
        ck_dropout(steps, streams, columns, probability, &dropoutKey, x, y)
    }
}
