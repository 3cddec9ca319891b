import CAllocationCounter
import Communication
import Configuration
import Failures
import Glibc
import Kinds
import Layers
import Optimizers
import Training

/// Counts the allocations of every rank in the steps of a small run after the first step, across the end of an epoch; prints the sum.
///
/// `--run` names a new folder. All other options but `--steps` are those of training, with `true` or `false` after a flag.
func checkAllocations(_ world: World, _ arguments: CheckArguments) throws {
    let counted = countAllocations { withExtendedLifetime([UInt8](repeating: 1, count: 1000 + world.rank)) {} }
    if counted == 0 { throw CheckFailure(description: "the counter does not see the allocation of an array") }
    let run = try TrainingRun(world: world, version: "check").setUp(try configuration(arguments), resume: false)
    defer { withExtendedLifetime(run) {} }
    _ = try run.trainer.step()
    let steps = arguments.number("steps", or: 49)
    let mine = try countAllocations { for _ in 0..<steps { _ = try run.trainer.step() } }
    if mine > 0 { cac_print_first(STDERR_FILENO) }
    let all = try world.allgather(mine).reduce(0, +)
    report(world, "\(all) allocations in \(steps) steps on \(world.rankCount) ranks")
}

private func countAllocations(_ work: () throws -> Void) rethrows -> Int {
    cac_start()
    defer { _ = cac_stop() }
    try work()
    return Int(cac_stop())
}

/// The built-in source in 38 windows per epoch, so that the steps continue beyond the end of the epoch. Enables every feature that might
/// allocate.
private func configuration(_ arguments: CheckArguments) throws -> TrainingConfiguration {
    var configuration = TrainingConfiguration.reberDemo
    configuration.batchSize = 64
    configuration.windowLength = 50
    configuration.layers = 2
    configuration.embeddingSize = 32
    configuration.dropout = 0.3
    configuration.clip = 0.01
    configuration.settings[RuleSettings.weightDecay] = 1e-4
    configuration.logEvery = 1_000_000
    for key in ConfigurationKey.allCases {
        if let text = arguments[key.rawValue] { try configuration.set(key, argument: text) }
    }
    if Cells.namesWithLearnedState.contains(configuration.cell.rawValue) { configuration.initialState = .learned }
    try configuration.validate()
    return configuration
}

func set(_ key: ConfigurationKey, _ value: ConfigurationValue?, in configuration: inout TrainingConfiguration) throws {
    guard let value else { return }
    if !configuration.set(key, to: value) { throw CheckFailure(description: "--\(key.rawValue) cannot be \(value)") }
}
