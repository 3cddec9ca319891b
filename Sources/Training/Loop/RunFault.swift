import Exchange
import Failures

/// A fault that makes a run return to a checkpoint, the same on all ranks.
enum RunFault: Error {
    /// A silent data corruption.
    case corruption(Corruption)
    /// This number of consecutive steps had a loss or gradient that is not finite.
    case badSteps(Int)
    /// A parameter or moment is not finite.
    case notFinite

    /// Whether the run itself leads to the fault, so that it would occur again.
    var isOfTheRun: Bool {
        switch self {
        case .corruption: false
        case .badSteps, .notFinite: true
        }
    }

    /// The fault as a clause.
    func description(host: String) -> String {
        switch self {
        case .corruption(let corruption): "\(corruption.kind.text) on rank \(corruption.rank) (\(host))"
        case .badSteps(let steps): "the loss or the gradient was not finite in \(counted(steps, "step")) in a row"
        case .notFinite: "a parameter is not finite"
        }
    }
}

extension Corruption.Kind {
    /// The finding, as the beginning of a clause.
    var text: String {
        switch self {
        case .computation: "a gradient differs when it is computed twice"
        case .partial: "a gradient changed in memory"
        case .sum: "a sum of gradients differs when it is computed twice"
        case .message: "a message changed during transfer"
        case .parameters: "parameters changed in memory"
        case .copy: "a node's copy of the parameters changed in memory"
        case .packedWeights: "packed weights changed in memory"
        }
    }
}
