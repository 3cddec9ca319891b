import Kinds
import Optimizers

extension ConfigurationField {
    /// The training step: the batch, the optimizer and clipping.
    static let optimization: [ConfigurationField] =
        [
            .init(
                .batchSize, \.batchSize, .optimization, .fixed, range: .whole(1...10_000_000), placeholder: "n",
                "Number of streams of text, over all ranks."),
            .init(
                .windowLength, \.windowLength, .optimization, .fixed, range: .whole(1...10_000_000), placeholder: "n",
                "Time steps of a window (truncated backpropagation through time)."),
            .init(
                .variableWindow, \.variableWindow, .optimization, .fixed, isNew: true,
                "Random lengths of the training windows, around --bptt and at most 10 steps longer; the learning rate of a step is scaled by the length."
            ),
            .init(
                .optimizer, \.optimizer, .optimization, .fixed,
                "Optimizer; adam adds the weight decay to the gradient, adamw applies it to the parameters."),
            .init(
                .learningRate, \.learningRate, .optimization, .free, range: .number(), placeholder: "x", "Initial learning rate."
            ),
        ] + kinds(of: UpdateRules.self, .optimization) + [
            .init(
                .clip, \.clip, .optimization, .fixed, range: .number(orZero: "for none"), placeholder: "x",
                "Maximum gradient norm, or maximum absolute value of an element with --clip-mode value; 0: off."),
            .init(
                .clipMode, \.clipMode, .optimization, .fixed, "Clip the norm of the whole gradient, or the value of each element."
            ),
        ]
}
