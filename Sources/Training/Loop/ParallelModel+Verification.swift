import Communication
import Exchange
import Optimizers

/// The result of a check of the parameters, the same on all ranks.
enum ParameterCondition {
    case sound
    case corrupt(Corruption)
    /// A parameter or moment is not finite.
    case notFinite
}

extension ParallelModel {
    /// Records the sum of bits of the current parameters and moments as the expected one.
    func watchOverParameters() { optimizer.watchOver(parameters: ownParameters) }

    /// Detects bits of parameters and moments that changed outside updates, differences between the nodes, and packed weights
    /// that do not match the parameters. Collective.
    ///
    /// Without `thoroughly`, it only checks whether all parameters and moments are finite.
    func examineParameters(thoroughly: Bool) throws -> ParameterCondition {
        let condition = optimizer.examine(parameters: ownParameters)
        if thoroughly {
            let own = condition == .changed ? Corruption(kind: .parameters, rank: exchange.rank) : nil
            let copies = try exchange.compareCopies()
            let packed = try exchange.comparePackedWeights(expected: weights.expectedBits)
            if let corruption = try exchange.agreed(own ?? copies ?? packed) { return .corrupt(corruption) }
        }
        return try exchange.agreed(condition == .notFinite) ? .notFinite : .sound
    }

    private var ownParameters: UnsafePointer<Float> {
        UnsafePointer(exchange.parameters + exchange.ownedRange.lowerBound)
    }

    /// Computes the gradient of the window a second time, from the hidden states before the first computation, and then restores
    /// the hidden states after it. Returns nil, or this rank if the two gradients differ.
    func compareComputation(
        from before: HiddenStates, first: [UInt32], _ compute: () -> Void
    ) -> Corruption? {
        before.restore(to: model)
        compute()
        return exchange.checksumPartials() == first ? nil : Corruption(kind: .computation, rank: exchange.rank)
    }
}
