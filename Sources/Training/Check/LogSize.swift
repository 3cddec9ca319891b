import Configuration

/// An estimate of the bytes that a run writes beside its checkpoints and token files.
enum LogSize {
    /// A line of `metrics.jsonl`: those of steps have some 280 bytes.
    private static let lineByteCount = 330.0
    /// Its record in TensorBoard's event file.
    private static let eventByteCount = 240.0
    /// More lines are not counted: a run of so many epochs ends when it has converged or is stopped.
    private static let mostLines = 10_000.0
    /// `config.toml`, the first and the last line of the log, the stamps of the texts, and the unused rest of the last block of each file.
    private static let otherByteCount = 20_000

    /// - Parameter trainTokens: the number of tokens of the training text.
    static func estimate(_ configuration: TrainingConfiguration, trainTokens: Int) -> Int {
        let epochs = Double(configuration.epochs)
        let tokensPerStep = Double(configuration.batchSize) * Double(configuration.windowLength)
        let steps = Double(trainTokens) / tokensPerStep * epochs
        var intervals = [
            configuration.logEvery, configuration.validateEvery, configuration.sampleEvery, configuration.trackGradients,
        ]
        if case .steps(let interval) = configuration.checkpointEvery { intervals.append(interval) }
        var lines = configuration.validateEvery == 0 ? epochs : 0
        for interval in intervals where interval > 0 { lines += steps / Double(interval) }
        let bytesPerLine = lineByteCount + (configuration.tensorboard ? eventByteCount : 0)
        return otherByteCount + Int(min(lines, mostLines) * bytesPerLine)
    }
}
