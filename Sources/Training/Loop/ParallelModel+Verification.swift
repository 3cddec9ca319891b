import Communication
import Exchange
import Optimizers

/// What a check of the parameters found, the same on all ranks.
enum ParameterCondition {
    case sound
    case corrupt(Corruption)
    /// A parameter or moment is no finite number.
    case notFinite
}

extension ParallelModel {
    /// Takes the parameters and moments as they are now for what they must be.
    func watchOverParameters() { optimizer.watchOver(parameters: ownParameters) }

    /// Looks for bits of parameters and moments that have changed but by updates, for differences between the nodes, and for packed
    /// weights that are not those of the parameters. Collective.
    ///
    /// Unless `thoroughly`, it is only seen whether all parameters and moments are finite.
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

    /// Computes the window's gradient a second time, from the hidden states as they were before the first; the states after it
    /// are those of the first. Nil, or this rank, if the two differ.
    func compareComputation(
        from before: HiddenStates, first: [UInt32], _ compute: () -> Void
    ) -> Corruption? {
        before.restore(to: model)
        compute()
        return exchange.checksumPartials() == first ? nil : Corruption(kind: .computation, rank: exchange.rank)
    }
}
