import ArgumentParser
import Configuration
import Inference
import Kinds
import Models

/// Dynamic evaluation and a continuous cache, for `evaluate`.
struct AdaptationOptions: ParsableArguments {
    @Flag(
        help: """
            Dynamic evaluation: after each window, the parameters take a step of gradient descent on the loss of the window, and decay to the \
            trained ones. (default: off)
            """)
    var dynamic = false

    @Option(
        help: ArgumentHelp(
            "Learning rate, for the mean loss of a window. (default: 0.1; with --dynamic-rms 0.002)", valueName: "x"))
    var dynamicRate: String?

    @Option(
        help: ArgumentHelp(
            "Share of the way back to the trained parameters at each update. (default: 0.001; with --dynamic-rms 0.02)",
            valueName: "x"))
    var dynamicDecay: String?

    @Option(help: ArgumentHelp("Tokens of a window. (default: 20)", valueName: "n"))
    var dynamicWindow: String?

    @Option(
        help: ArgumentHelp(
            """
            Text, usually the training text, whose gradients scale the updates: the gradient of each parameter is divided by its root mean \
            square, and the decay is multiplied by it. (default: none)
            """, valueName: "file"), completion: .file())
    var dynamicRms: String?

    @Option(
        help: ArgumentHelp("With --dynamic-rms: added to the root mean squares that divide. (default: 0.001)", valueName: "x"))
    var dynamicEpsilon: String?

    @Flag(
        help: """
            Interpolate the model with a continuous cache, which predicts tokens that followed similar outputs of the model. (default: off)
            """)
    var cache = false

    @Option(help: ArgumentHelp("Number of outputs in the cache. (default: 2000)", valueName: "n"))
    var cacheSize: String?

    @Option(
        help: ArgumentHelp(
            "Factor of the scalar product of two outputs; 0: all outputs count equally. (default: 0.3)", valueName: "x"))
    var cacheTheta: String?

    @Option(help: ArgumentHelp("Weight of the cache, from 0 to below 1. (default: 0.1)", valueName: "x"))
    var cacheLambda: String?

    /// The methods that the options name. Throws (64) if options do not belong together or have an invalid value.
    ///
    /// - Parameter isARPA: whether the checkpoint is an n-gram model.
    func adaptation(isARPA: Bool) throws -> Adaptation {
        try check(
            "--dynamic", dynamic, isARPA,
            [
                ("--dynamic-rate", dynamicRate), ("--dynamic-decay", dynamicDecay), ("--dynamic-window", dynamicWindow),
                ("--dynamic-rms", dynamicRms), ("--dynamic-epsilon", dynamicEpsilon),
            ])
        if dynamicEpsilon != nil, dynamicRms == nil {
            throw OptionConflict(
                "--dynamic-epsilon has no effect without --dynamic-rms. Add --dynamic-rms, or omit --dynamic-epsilon.")
        }
        if let dynamicRms { try InputFile.check(dynamicRms, namedBy: "--dynamic-rms") }
        try check(
            "--cache", cache, isARPA,
            [("--cache-size", cacheSize), ("--cache-theta", cacheTheta), ("--cache-lambda", cacheLambda)])
        return Adaptation(
            dynamic: dynamic ? try dynamicSettings() : nil, statistics: dynamicRms, cache: cache ? try cacheSettings() : nil)
    }

    private func check(_ method: String, _ isOn: Bool, _ isARPA: Bool, _ parts: [(name: String, value: String?)]) throws {
        if isOn, isARPA { throw OptionConflict("\(method) needs a network as --checkpoint, which is an n-gram model.") }
        guard !isOn, let part = parts.first(where: { $0.value != nil }) else { return }
        throw OptionConflict("\(part.name) has no effect without \(method). Add \(method), or omit \(part.name).")
    }

    private func dynamicSettings() throws -> DynamicEvaluation {
        let scales = dynamicRms != nil
        return DynamicEvaluation(
            rate: Float(
                try ValueRange.number(orZero: "for fixed parameters")
                    .value(dynamicRate ?? (scales ? "0.002" : "0.1"), of: "--dynamic-rate")),
            decay: Float(
                try ValueRange.fraction(orZero: "for no decay")
                    .value(dynamicDecay ?? (scales ? "0.02" : "0.001"), of: "--dynamic-decay")),
            window: try ValueRange.whole(1...10_000).value(dynamicWindow ?? "20", of: "--dynamic-window"),
            epsilon: scales ? Float(try ValueRange.number().value(dynamicEpsilon ?? "0.001", of: "--dynamic-epsilon")) : nil)
    }

    private func cacheSettings() throws -> CacheSettings {
        CacheSettings(
            size: try ValueRange.whole(1...10_000_000).value(cacheSize ?? "2000", of: "--cache-size"),
            theta: try ValueRange.number(orZero: "to count all outputs equally").value(cacheTheta ?? "0.3", of: "--cache-theta"),
            lambda: try ValueRange.fraction(orZero: "for the model alone").value(cacheLambda ?? "0.1", of: "--cache-lambda"))
    }
}
