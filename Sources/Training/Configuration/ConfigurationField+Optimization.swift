extension ConfigurationField {
    /// The step: how much of the text it sees, and what it does with the gradient.
    static let optimization: [ConfigurationField] = [
        .init(
            .batchSize, \.batchSize, .optimization, .fixed, range: .whole(1...10_000_000), placeholder: "n",
            "Streams of text, over all ranks."),
        .init(
            .windowLength, \.windowLength, .optimization, .fixed, range: .whole(1...10_000_000), placeholder: "n",
            "Time steps of a window, through which gradients flow."),
        .init(
            .optimizer, \.optimizer, .optimization, .fixed,
            "Optimizer; adam adds the weight decay to the gradient, adamw takes it off the parameters."),
        .init(
            .learningRate, \.learningRate, .optimization, .free, range: .number(), placeholder: "x", "Learning rate at the start."
        ),
        .init(
            .momentum, \.momentum, .optimization, .fixed, range: .fraction(orZero: "for none"), placeholder: "x",
            "Momentum of sgd, in 0 ... below 1."),
        .init(
            .beta1, \.beta1, .optimization, .fixed, range: .fraction(orZero: "for none"), placeholder: "x",
            "Decay of adam's first moment a step, in 0 ... below 1."),
        .init(
            .beta2, \.beta2, .optimization, .fixed, range: .fraction(orZero: "for none"), placeholder: "x",
            "Decay of adam's second moment a step, in 0 ... below 1."),
        .init(
            .adamEpsilon, \.adamEpsilon, .optimization, .fixed, range: .number(), placeholder: "x", "Added to adam's denominator."
        ),
        .init(
            .weightDecay, \.weightDecay, .optimization, .fixed, range: .number(orZero: "for none"), placeholder: "x",
            "Weight decay a step; 0: off."),
        .init(
            .clip, \.clip, .optimization, .fixed, range: .number(orZero: "for none"), placeholder: "x",
            "Limit of the gradient's norm, or of each element with --clip-mode value; 0: off."),
        .init(.clipMode, \.clipMode, .optimization, .fixed, "What clipping limits."),
    ]
}
