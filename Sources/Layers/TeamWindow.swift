import Tensors

/// What every rank of a team reads of a layer's window, for all streams: from it each makes the gradients of its units' weights.
struct TeamWindow {
    /// h before the window, then after each step: `[(T+1)*B', H]`.
    let hidden: MatrixView
    /// The layer's input, `[T*B', I]`; without rows for inference.
    let input: MatrixView

    init(_ team: StepTeam, capacity: WindowCapacity, hiddenSize: Int, inputSize: Int) {
        let rows = capacity.steps * team.division.streams
        hidden = team.takeMatrix(rows: rows + team.division.streams, columns: hiddenSize)
        input = team.takeMatrix(rows: capacity.training ? rows : 0, columns: inputSize)
    }

    /// Floats of a window for training.
    static func count(steps: Int, streams: Int, hiddenSize: Int, inputSize: Int) -> Int {
        StepTeam.count(rows: (steps + 1) * streams, columns: hiddenSize) + StepTeam.count(rows: steps * streams, columns: inputSize)
    }
}
