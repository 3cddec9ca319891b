import Tensors

/// A state besides h, as the LSTM's c, in a team: the steps have its units for all streams, this rank's window all units of its streams.
struct CarriedState {
    /// Before the window, then after each step: `[(T+1)*B', U]`.
    let steps: MatrixView
    /// The gradient of the state before the step at hand, `[B', U]`.
    let gradient: MatrixView
    /// Before the window, `[B, H]`.
    let before: MatrixView
    /// After it, `[B, H]`.
    let after: MatrixView
    /// The gradient of `before`, `[B, H]`.
    let dBefore: MatrixView

    init(steps: MatrixView, gradient: MatrixView, streams: Int, hiddenSize: Int, workspace: Workspace) {
        self.steps = steps
        self.gradient = gradient
        before = workspace.matrix(rows: streams, columns: hiddenSize)
        after = workspace.matrix(rows: streams, columns: hiddenSize)
        dBefore = workspace.matrix(rows: gradient.rows > 0 ? streams : 0, columns: hiddenSize)
    }
}
