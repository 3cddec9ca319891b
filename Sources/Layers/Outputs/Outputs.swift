public import Kinds
public import Tensors

/// The output layers among which `--output` chooses.
public enum Outputs: KindRegistry {
    /// Every output layer: a new one is a file beside this one and a line here.
    static let all: [any OutputLayer.Type] = [
        SoftmaxOutput.self,
        AdaptiveOutput.self,
        ClassOutput.self,
        MixtureOutput.self,
        HierarchicalOutput.self,
        SamplingOutput<SampledSoftmaxObjective>.self,
        SamplingOutput<NoiseContrastiveObjective>.self,
        SamplingOutput<BlackOutObjective>.self,
    ]

    public static let key: ConfigurationKey = "output"
    public static var kinds: [any Kind.Type] { all }

    private static func type(_ name: OutputKind) -> any OutputLayer.Type {
        name.selected(in: all) { $0.name }
    }

    /// A layer of the kind with this name. `tied`: the embedding's table, if the shape is tied.
    public static func layer(
        _ name: OutputKind, _ shape: OutputShape, tied: Parameter?, _ builder: Builder
    ) -> any OutputLayer {
        type(name).init(shape, tied: tied, builder)
    }

    /// The layer of a model whose topmost recurrent layer gives the distribution itself.
    public static func ofProbabilities(_ shape: OutputShape, _ builder: Builder) -> any OutputLayer {
        ProbabilityOutput(shape, tied: nil, builder)
    }

    /// Whether the weight of this kind may be the embedding's table.
    public static func mayBeTied(_ name: OutputKind) -> Bool { type(name).mayBeTied }

    /// Whether training estimates the loss of this kind from samples.
    public static func estimatesTraining(_ name: OutputKind) -> Bool { type(name).estimatesTraining }

    /// Whether this kind depends on how often tokens occur.
    public static func usesFrequencies(_ name: OutputKind) -> Bool { type(name).usesFrequencies }

    /// Whether this kind takes the number of a token for its rank by descending count.
    public static func ranksTokens(_ name: OutputKind) -> Bool { type(name).ranksTokens }

    /// A note for the user about settings of this kind that do little for an output of this size; nil for none.
    public static func note(_ name: OutputKind, _ settings: Settings, outputSize: Int) -> String? {
        type(name).note(settings, outputSize: outputSize)
    }

    /// The work of a layer of this kind for one token; nil if it is not known. `targets`: the share of the targets that are in a range of tokens.
    public static func work(_ name: OutputKind, _ shape: OutputShape, targets: (Range<Int>) -> Double) -> TokenWork? {
        type(name).work(shape, targets: targets)
    }

    /// The same of the layer of a model whose topmost recurrent layer gives the distribution itself.
    public static func workOfProbabilities(_ shape: OutputShape, targets: (Range<Int>) -> Double) -> TokenWork? {
        ProbabilityOutput.work(shape, targets: targets)
    }

    /// The kinds that depend on how often tokens occur.
    public static var frequencyNames: [String] { all.filter { $0.usesFrequencies }.map { $0.name } }

    /// The kinds whose weight may be the embedding's table.
    public static var tiedNames: [String] { all.filter { $0.mayBeTied }.map { $0.name } }

    /// Which gradients the ranks of a node should compute together: see ``OutputLayer``.
    public static func gradientSharing(
        _ name: OutputKind, _ shape: OutputShape, steps: Int, streams: Int, rankCount: Int
    ) -> GradientSharing {
        type(name).gradientSharing(shape, steps: steps, streams: streams, rankCount: rankCount)
    }
}

/// The name of an output layer.
public typealias OutputKind = KindName<Outputs>

extension KindName where Registry == Outputs {
    /// A softmax over the whole vocabulary, the default.
    public static var full: OutputKind { OutputKind(SoftmaxOutput.self) }
}

/// The settings that output layers declare: those of one layer in its file, those of several here.
public enum OutputSettings {
    public static let logitMemory = Setting(
        "logit-memory", 256, range: .whole(0...1_000_000), placeholder: "megabytes", onResume: .free, unread: .ignored,
        "Memory of a rank for exponentials of logits that are kept for the backward pass, in megabytes. If they take more, the logits are "
            + "computed twice. Results do not depend on it.")
}

extension OutputShape {
    /// Bytes of exponentials that may be kept.
    var logitMemory: Int { settings[OutputSettings.logitMemory] * 1_000_000 }
}
