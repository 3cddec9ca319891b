extension ConfigurationField {
    /// The training step: the batch, the optimizer and clipping.
    static let optimization: [ConfigurationField] = [
        .init(
            .batchSize, \.batchSize, .optimization, .fixed, range: .whole(1...10_000_000), placeholder: "n",
            "Number of streams of text, over all ranks."),
        .init(
            .windowLength, \.windowLength, .optimization, .fixed, range: .whole(1...10_000_000), placeholder: "n",
            "Time steps of a window (truncated backpropagation through time)."),
        .init(
            .optimizer, \.optimizer, .optimization, .fixed,
            "Optimizer; adam adds the weight decay to the gradient, adamw applies it to the parameters."),
        .init(
            .learningRate, \.learningRate, .optimization, .free, range: .number(), placeholder: "x", "Initial learning rate."
        ),
        .init(
            .momentum, \.momentum, .optimization, .fixed, range: .fraction(orZero: "for none"), placeholder: "x",
            "Momentum of sgd, below 1."),
        .init(
            .beta1, \.beta1, .optimization, .fixed, range: .fraction(orZero: "for none"), placeholder: "x",
            "Decay rate of adam's first moment, below 1."),
        .init(
            .beta2, \.beta2, .optimization, .fixed, range: .fraction(orZero: "for none"), placeholder: "x",
            "Decay rate of adam's second moment, below 1."),
        .init(
            .adamEpsilon, \.adamEpsilon, .optimization, .fixed, range: .number(), placeholder: "x",
            "Constant added to adam's denominator."
        ),
        .init(
            .weightDecay, \.weightDecay, .optimization, .fixed, range: .number(orZero: "for none"), placeholder: "x",
            "Weight decay; 0: off."),
        .init(
            .clip, \.clip, .optimization, .fixed, range: .number(orZero: "for none"), placeholder: "x",
            "Maximum gradient norm, or maximum absolute value of an element with --clip-mode value; 0: off."),
        .init(.clipMode, \.clipMode, .optimization, .fixed, "Clip the norm of the whole gradient, or the value of each element."),
    ]
}
