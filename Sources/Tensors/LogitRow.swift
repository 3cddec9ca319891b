internal import CKernels

/// Properties of the softmax of a row of logits, apart from the loss.
public enum LogitRow {
    /// Logits become log probabilities, `x - log sum e^x`. The sum is in double.
    ///
    /// Shapes: `logits` and `exponentials` `[count]`; `exponentials` is overwritten.
    public static func logSoftmax(
        _ logits: UnsafeMutablePointer<Float>, count: Int, exponentials: UnsafeMutablePointer<Float>
    ) {
        let logSum = logNormalizer(logits, count: count, exponentials: exponentials)
        for index in 0..<count { logits[index] = Float(Double(logits[index]) - logSum) }
    }

    /// `log sum e^x` of a row of logits, in nats. The sum is in double.
    ///
    /// Shapes: `logits` and `exponentials` `[count]`; `exponentials` is overwritten.
    public static func logNormalizer(
        _ logits: UnsafePointer<Float>, count: Int, exponentials: UnsafeMutablePointer<Float>
    ) -> Double {
        var largest = -Float.infinity
        for index in 0..<count { largest = logits[index] > largest ? logits[index] : largest }
        for index in 0..<count { exponentials[index] = logits[index] - largest }
        RowKernels.exp(count: count, exponentials, into: exponentials)
        var sum = 0.0
        for index in 0..<count { sum += Double(exponentials[index]) }
        return RowKernels.log(sum) + Double(largest)
    }

    /// `e^x / sum e^x` of each logit, in double.
    ///
    /// Shapes: `logits` and `probabilities` `[V]`.
    public static func softmax(_ logits: UnsafeBufferPointer<Float>, into probabilities: UnsafeMutablePointer<Double>) {
        var largest = -Float.infinity
        for logit in logits where logit > largest { largest = logit }
        var sum = 0.0
        for (index, logit) in logits.enumerated() {
            probabilities[index] = RowKernels.exp(Double(logit) - Double(largest))
            sum += probabilities[index]
        }
        for index in 0..<logits.count { probabilities[index] /= sum }
    }

    /// The entropy of softmax(`logits`) in nats, `log Z - sum p_i (x_i - max)` with `Z = sum e^(x_i - max)`, and the rank of `target` by its
    /// logit: 1 is the most probable, and equal logits share the smallest of their ranks.
    ///
    /// Shape: `logits` `[V]`. Sums are in double. The entropy is NaN if a logit is NaN or +infinity.
    public static func figures(of target: Int, _ logits: UnsafeBufferPointer<Float>) -> (entropy: Double, rank: Int) {
        var (entropy, larger) = (0.0, 0)
        ck_softmax_figures(logits.count, logits.baseAddress, logits[target], &entropy, &larger)
        return (entropy, larger + 1)
    }
}
