import ArgumentParser
import Communication
import Configuration
import Failures
import Inference
import Kinds
import NGrams
import Runs
import Tasks
import TextData

/// Interpolation of a network with an n-gram model, for `evaluate` and `score`.
struct InterpolationOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "ARPA file of an n-gram model to interpolate with the network; needs --weight or --tune. (default: none)",
            valueName: "file"), completion: .file())
    var interpolate: String?

    @Option(
        help: ArgumentHelp(
            "With --interpolate: weight of the network, from 0 to 1; the n-gram model has the rest. (default: none)",
            valueName: "x"))
    var weight: String?

    @Option(
        help: ArgumentHelp(
            "With --interpolate: validation text; the weight with the lowest loss on it is computed, by expectation maximization. (default: none)",
            valueName: "file"), completion: .file())
    var tune: String?

    /// The given weight. Throws (64) if the options do not belong together, and (66) if a file is missing.
    ///
    /// - Parameter isARPA: whether the checkpoint is an n-gram model itself.
    func check(isARPA: Bool) throws {
        guard let interpolate else {
            if weight != nil || tune != nil {
                throw OptionConflict(
                    "\(weight != nil ? "--weight" : "--tune") has no effect without --interpolate. Name the ARPA file with it.")
            }
            return
        }
        if isARPA { throw OptionConflict("--interpolate needs a network as --checkpoint, which is an n-gram model itself.") }
        if weight != nil, tune != nil {
            throw OptionConflict("--weight and --tune both give the weight of the network. Omit one of them.")
        }
        if weight == nil, tune == nil {
            throw OptionConflict("--interpolate needs the weight of the network: give --weight, or --tune.")
        }
        _ = try givenWeight()
        try InputFile.check(interpolate, namedBy: "--interpolate")
        if let tune { try InputFile.check(tune, namedBy: "--tune") }
    }

    private func givenWeight() throws -> Double? {
        guard let weight else { return nil }
        return try ValueRange.number(upTo: 1, orZero: "for the n-gram model alone").value(weight, of: "--weight")
    }

    /// The interpolation with the weight that is given or computed; nil without `--interpolate`. A note tells the computed weight.
    ///
    /// - Parameters:
    ///   - methods: what else predicts a text with the network.
    ///   - byLine: whether each line is scored by itself, also if the network was trained on streams. The weight is computed for this reading.
    func mixture(
        _ checkpoint: StoredCheckpoint, _ methods: Adaptation = Adaptation(), byLine: Bool = false
    ) throws -> Interpolation? {
        guard let interpolate else { return nil }
        let network = try StoredModel(checkpoint, steps: Evaluation.windowLength)
        let nGrams = try NGramModel(warningAt: interpolate)
        var mixture = try Interpolation(network, nGrams, path: interpolate, weight: givenWeight() ?? 1)
        guard let tune else { return mixture }
        let text = try NamedText.opened(tune, unit: .word, acceptsSign: false)
        let pairs =
            byLine
            ? try mixture.surprisalsByLine(of: text, model: network)
            : try mixture.surprisals(of: text, model: network, adaptation: methods)
        try requireFinite(pairs, of: tune, network, isDynamic: methods.dynamic != nil)
        mixture.weight = pairs.bestWeight(mixture)
        let perplexities = [mixture.weight, 1, 0].map {
            NumberText.perplexity(exponential(pairs.loss(weight: $0, mixture)), digits: 3)
        }
        StandardError.note(
            "\(tune): the weight of the network is \(NumberText.fixed(mixture.weight, 6)): perplexity \(perplexities[0]), the network alone "
                + "\(perplexities[1]), the n-grams alone \(perplexities[2]).")
        return mixture
    }

    /// Throws the errors of an evaluation whose losses are not finite: no weight follows from them.
    private func requireFinite(_ pairs: PairedSurprisals, of text: String, _ network: StoredModel, isDynamic: Bool) throws {
        guard let token = pairs.firstNotFinite else { return }
        if isDynamic { throw DynamicOverflow(place: "token \(token)", text: text) }
        throw StoredRunError.overflow(checkpoint: network.path, place: "token \(token) of \(text)")
    }
}

/// Options that do not belong together.
struct OptionConflict: UserFacingError {
    let description: String

    init(_ description: String) { self.description = description }

    var exitStatus: ExitStatus { .usage }
}
