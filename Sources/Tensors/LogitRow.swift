/// Properties of the softmax of a row of logits, apart from the loss.
public enum LogitRow {
    /// Logits become log probabilities, `x - log sum e^x`. The sum is in double.
    ///
    /// Shapes: `logits` and `exponentials` `[count]`; `exponentials` is overwritten.
    public static func logSoftmax(
        _ logits: UnsafeMutablePointer<Float>, count: Int, exponentials: UnsafeMutablePointer<Float>
    ) {
        var largest = -Float.infinity
        for index in 0..<count { largest = logits[index] > largest ? logits[index] : largest }
        for index in 0..<count { exponentials[index] = logits[index] - largest }
        RowKernels.exp(count: count, exponentials, into: exponentials)
        var sum = 0.0
        for index in 0..<count { sum += Double(exponentials[index]) }
        let logSum = RowKernels.log(sum) + Double(largest)
        for index in 0..<count { logits[index] = Float(Double(logits[index]) - logSum) }
    }

    /// The entropy of softmax(`logits`) in nats, `log Z - sum p_i (x_i - max)` with `Z = sum e^(x_i - max)`. Sums are in double.
    ///
    /// Shapes: `logits` and `exponentials` `[count]`; `exponentials` is overwritten. NaN if a logit is not finite.
    public static func entropy(
        _ logits: UnsafePointer<Float>, count: Int, exponentials: UnsafeMutablePointer<Float>
    ) -> Double {
        var largest = -Float.infinity
        for index in 0..<count { largest = logits[index] > largest ? logits[index] : largest }
        for index in 0..<count { exponentials[index] = logits[index] - largest }
        RowKernels.exp(count: count, exponentials, into: exponentials)
        var sum = 0.0
        var products = 0.0
        for index in 0..<count {
            let exponential = Double(exponentials[index])
            sum += exponential
            products += exponential * Double(logits[index] - largest)
        }
        return RowKernels.log(sum) - products / sum
    }

    /// The rank of `target` by its logit: 1 is the most probable. Equal logits share the smallest of their ranks.
    public static func rank(of target: Int, _ logits: UnsafePointer<Float>, count: Int) -> Int {
        let logit = logits[target]
        var larger = 0
        for index in 0..<count { larger += logits[index] > logit ? 1 : 0 }
        return larger + 1
    }
}
