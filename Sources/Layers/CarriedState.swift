import Tensors

/// A state besides h, as the LSTM's c, in a team: the steps have its units for all streams, this rank's window all units of its streams.
struct CarriedState {
    /// Before the window, then after each step: `[(T+1)*B', U]`.
    let steps: MatrixView
    /// Before the window, `[B, H]`.
    let before: MatrixView
    /// After it, `[B, H]`.
    let after: MatrixView

    init(steps: MatrixView, streams: Int, hiddenSize: Int, workspace: Workspace) {
        self.steps = steps
        before = workspace.matrix(rows: streams, columns: hiddenSize)
        after = workspace.matrix(rows: streams, columns: hiddenSize)
    }
}
