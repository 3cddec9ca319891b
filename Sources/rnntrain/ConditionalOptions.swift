import ArgumentParser
import Failures

/// A command with options that have no effect together with, or without, others. A warning names them if they are given.
protocol ConditionalOptions: ParsableCommand {
    /// The long names without effect in this command line, each with the reason, which completes "has no effect".
    var idleOptions: [IdleOption] { get }
}

/// An option without effect.
struct IdleOption {
    /// With dashes.
    let name: String
    /// `with --greedy`, `without --html`.
    let reason: String

    init(_ name: String, _ reason: String) { (self.name, self.reason) = (name, reason) }

    var warning: String { "\(name) has no effect \(reason)." }
}

extension GenerateCommand: ConditionalOptions {
    var idleOptions: [IdleOption] {
        let isCold = Double(decimal: sampling.temperature) == 0
        guard
            let reason = sampling.beam != nil
                ? "with --beam" : sampling.greedy ? "with --greedy" : isCold ? "with --temperature 0" : nil
        else { return [] }
        let options = ["--temperature", "--top-k", "--top-p", "--seed"]
        return options.filter { !reason.hasPrefix("with \($0) ") }.map { IdleOption($0, reason) }
    }
}

extension InspectCommand: ConditionalOptions {
    var idleOptions: [IdleOption] { html == nil ? [IdleOption("--force", "without --html")] : [] }
}

extension ErrorSurfaceCommand: ConditionalOptions {
    var idleOptions: [IdleOption] { html == nil ? [IdleOption("--force", "without --html")] : [] }
}

extension TrainCommand: ConditionalOptions {
    var idleOptions: [IdleOption] {
        let all = source.printConfig ? [IdleOption("--dry-run", "with --print-config")] : []
        return all + (source.printConfig || source.dryRun ? [IdleOption("--break-lock", "without a run")] : [])
    }
}

extension BenchmarkCommand: ConditionalOptions {
    var idleOptions: [IdleOption] {
        let steps = "with --exchange-only and --tokenise"
        return (options.tokenise == nil ? [IdleOption("--tokens", "without --tokenise")] : [IdleOption("--steps", steps)])
            + (options.exchangeOnly ? [IdleOption("--steps", steps)] : [IdleOption("--megabytes", "without --exchange-only")])
    }
}
