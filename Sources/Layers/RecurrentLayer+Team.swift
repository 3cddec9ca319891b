import Tensors

/// The steps as the ranks of a team divide them.
///
/// In the forward pass each rank gives the input's part of the gates for its streams, takes the columns of its units for all streams, makes h of
/// these units, and gives it to all; what follows the steps finds whole rows of its streams, as it would without a team. The backward pass
/// does the same with the gradients. Ranks meet once a step, and once more at each end.
extension RecurrentLayer {
    func run(_ steps: Int, in team: StepTeam, prepare: (Int) -> Void) {
        let ring = ring!
        func giveGates(_ t: Int) {
            prepare(t)
            RowKernels.copy(gates(at: t), into: own(ring.gates[0][t % 2]))
        }
        giveGates(0)
        RowKernels.copy(hidden(at: -1), into: own(ring.hidden[0]))
        if let carried { RowKernels.copy(carried.before, into: own(ring.carried)) }
        team.meet()
        RowKernels.copy(ofUnits(ring.hidden[0]), into: stepHidden(at: -1))
        if let carried { RowKernels.copy(ofUnits(ring.carried), into: carried.steps.prefix(rows: stepStreams)) }
        for t in 0..<steps {
            copyGates(of: ring.gates[0][t % 2], into: stepGates(at: t))
            step(t, previous: ring.hidden[t % 2])
            let next = ring.hidden[(t + 1) % 2]
            RowKernels.copy(stepHidden(at: t), into: ofUnits(next))
            if t + 1 < steps {
                giveGates(t + 1)
            } else if let carried {
                RowKernels.copy(carried.steps.slice(rows: stepRange(steps)), into: ofUnits(ring.carried))
            }
            team.meet()
            RowKernels.copy(own(next), into: hidden(at: t))
        }
        if let carried { RowKernels.copy(own(ring.carried), into: carried.after) }
    }

    func backwardThroughTime(_ dOutput: MatrixView, steps: Int, in team: StepTeam) {
        let ring = ring!
        func giveGradient(_ t: Int) {
            RowKernels.copy(dOutput.slice(rows: rowRange(t)), into: own(ring.hidden[t % 2]))
        }
        giveGradient(steps - 1)
        team.meet()
        for t in stride(from: steps - 1, through: 0, by: -1) {
            RowKernels.add(ofUnits(ring.hidden[t % 2]), to: dStepHidden)
            stepBackward(t)
            for (set, gates) in gateSets.enumerated() {
                copyGates(gates.step.slice(rows: stepRange(t)), into: ring.gates[set][t % 2])
            }
            if t > 0 { giveGradient(t - 1) }
            team.meet()
            gradientBeforeStep(of: ring.gates[gateSets.count - 1][t % 2])
            for (set, gates) in gateSets.enumerated() {
                RowKernels.copy(own(ring.gates[set][t % 2]), into: gates.window.slice(rows: rowRange(t)))
            }
        }
        RowKernels.copy(dStepHidden, into: ofUnits(ring.hidden[0]))
        if let carried { RowKernels.copy(carried.gradient, into: ofUnits(ring.carried)) }
        team.meet()
        RowKernels.copy(own(ring.hidden[0]), into: dHidden)
        if let carried { RowKernels.copy(own(ring.carried), into: carried.dBefore) }
    }

    // MARK: Parts of what the team shares

    /// The rows of this rank's streams.
    private func own(_ matrix: MatrixView) -> MatrixView { matrix.slice(rows: team!.division.ownStreams) }

    /// The columns of this rank's units, `[B', U]` of `[B', H]`.
    private func ofUnits(_ matrix: MatrixView) -> MatrixView { matrix.slice(columns: units) }

    /// The units' columns of each gate: of `whole` `[B', G*H]` into `part` `[B', G*U]`.
    private func copyGates(of whole: MatrixView, into part: MatrixView) {
        for gate in 0..<gateCount { RowKernels.copy(columns(gate, ofWhole: whole), into: columns(gate, ofPart: part)) }
    }

    /// The same the other way.
    private func copyGates(_ part: MatrixView, into whole: MatrixView) {
        for gate in 0..<gateCount { RowKernels.copy(columns(gate, ofPart: part), into: columns(gate, ofWhole: whole)) }
    }

    private func columns(_ gate: Int, ofWhole matrix: MatrixView) -> MatrixView {
        matrix.slice(columns: (gate * hiddenSize + units.lowerBound)..<(gate * hiddenSize + units.upperBound))
    }

    private func columns(_ gate: Int, ofPart matrix: MatrixView) -> MatrixView {
        matrix.slice(columns: (gate * units.count)..<((gate + 1) * units.count))
    }
}
