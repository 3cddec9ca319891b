import Communication
import Configuration
import Failures
import Glibc
import Kinds
import Optimizers
import Training

/// Trains the built-in source for 60 steps, with a verification every 10 steps and a checkpoint every 7. Injects a fault on one rank at
/// step 33 or 40. Prints the digest of the parameters and the number of rollbacks.
///
/// `--what` selects the fault: `nothing`; one flipped bit in the `gradient` after its computation, in the gradient of the embedding's
/// `table`, in the gradient after its checksum (`promised`), in the input of a `sum`, in the `parameters`, in a `moment`, in a node's
/// `copy` of parameters of another node, in the `packed` weights, or in the `padding` between them; or a gradient of `nan` in as many steps
/// as `--steps` says. `--validate-every`, `--checkpoint-every` and `--max-rollbacks` are numbers. `--run` names a new folder; `--rank` the rank; `--node-size`, `--exchange`, `--on-fault`, `--optimizer`,
/// `--precision` are those of training.
func checkSilentFaults(_ world: World, _ arguments: CheckArguments) throws {
    let run = try TrainingRun(world: world, version: "check").setUp(try configuration(arguments), resume: false)
    defer { withExtendedLifetime(run) {} }
    let disturbance = Disturbance(arguments, trainer: run.trainer)
    if arguments.number("rank", or: world.rankCount - 1) == world.rank { run.trainer.disturb = disturbance.strike }
    let outcome = try run.trainer.run()
    let digest = run.parametersDigest
    let scale = run.trainer.state.rateScale ?? 1
    report(world, "\(outcome.name) \(digest) \(run.trainer.rollbacks) \(scale)")
}

/// A fault that occurs once or, for `nan`, the requested number of times.
private final class Disturbance {
    private let what: String
    private var left: Int
    private unowned let trainer: Trainer

    init(_ arguments: CheckArguments, trainer: Trainer) {
        what = arguments["what"] ?? "nothing"
        left = what == "nan" ? arguments.number("steps", or: 1) : 1
        self.trainer = trainer
    }

    private static let due: [String: (step: Int, moment: StepMoment)] = [
        "gradient": (40, .computed), "table": (40, .computed), "promised": (40, .promised), "sum": (40, .summedOnce),
        "packed": (40, .beginning), "padding": (40, .beginning), "copy": (40, .beginning),
    ]

    /// In step 40, which is verified; or, for faults that persist, in step 33, which is not.
    func strike(_ moment: StepMoment) {
        let step = trainer.state.step + 1
        let exchange = trainer.parallel.exchange
        let due = Self.due[what] ?? (step: 33, moment: .computed)
        guard left > 0, due.step == 40 ? step == 40 : step >= 33, moment == due.moment else { return }
        left -= 1
        // In the last rows of the topmost layer. If several ranks compute its gradient jointly, the last rank computes these.
        let gradient = exchange.nodePartials[0] + exchange.shape.elementCount - 700
        let owned = exchange.parameters + exchange.ownedRange.lowerBound
        switch what {
        // The sum might round away a change of lower bits.
        case "sum": flip(gradient, bit: 21)
        case "gradient", "promised": flip(gradient)
        case "table": flip(exchange.partials[0] + 17)
        case "parameters": flip(owned + 17)
        case "copy": flip(exchange.parameters + 17)
        case "moment": flip(trainer.parallel.optimizer.moments[0] + 5)
        case "packed": flip(exchange.packedWeights + exchange.shape.packedCount / 2)
        // The end of the only panel of the output's forward pass, before that of the backward pass: 32 columns for 7 tokens.
        case "padding":
            flip(exchange.packedWeights + exchange.shape.packedCount - 32 * trainer.parallel.shape.vocabularySize - 1)
        case "nan": gradient.pointee = .nan
        default: return
        }
    }

    /// A low-order bit, which only a comparison detects.
    private func flip(_ value: UnsafeMutablePointer<Float>, bit: UInt32 = 2) {
        value.pointee = Float(bitPattern: value.pointee.bitPattern ^ (1 << bit))
    }
}

private func configuration(_ arguments: CheckArguments) throws -> TrainingConfiguration {
    var configuration = TrainingConfiguration.reberDemo
    configuration.run = arguments["run"]
    configuration.batchSize = 64
    configuration.windowLength = 50
    configuration.layers = 2
    configuration.embeddingSize = 32
    configuration.dropout = 0.3
    configuration.epochs = 2
    configuration.verifyEvery = 10
    configuration.checkpointEvery = .steps(arguments.number("checkpoint-every", or: 7))
    configuration.validateEvery = arguments.number("validate-every", or: configuration.validateEvery)
    configuration.maxRollbacks = arguments.number("max-rollbacks", or: configuration.maxRollbacks)
    configuration.maxBadSteps = arguments.number("max-bad-steps", or: 3)
    for key in [ConfigurationKey.optimizer, .exchange, .onFault, .precision] {
        try set(key, arguments[key.rawValue].map { .text($0) }, in: &configuration)
    }
    try set(.nodeSize, arguments["node-size"].flatMap { Int($0) }.map { .integer($0) }, in: &configuration)
    try set(.verifyEvery, arguments["verify-every"].flatMap { Int($0) }.map { .integer($0) }, in: &configuration)
    try configuration.validate()
    return configuration
}
