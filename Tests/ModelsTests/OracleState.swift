/// The hidden state of all streams at the end of a window.
struct OracleState {
    var hidden: [Double]  // [L, B, H]
    var cell: [Double]  // [L, B, n*H], zero unless the cell has n other states
    /// By layer and stream, h of earlier steps, the last first; those that are missing are zero.
    var past: [[[Double]]] = []
    /// By stream, the tokens before, the last first.
    var tokens: [[Int]] = []
}

/// The results of a window.
struct OracleResult {
    /// Mean over the unmasked predictions, nats per token.
    var loss: Double
    /// By parameter name; gradients of the mean loss.
    var gradients: [String: [Double]]
    /// The initial state of the next window, without gradient.
    var state: OracleState
}
