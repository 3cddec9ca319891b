import Tensors

/// The steps of a window, divided among the ranks of a team.
///
/// In the forward pass each rank writes the input's part of the gates for its streams, reads the columns of its units for all
/// streams, computes h of these units, and writes it for all ranks. After the steps, each rank finds complete rows of its
/// streams, as without a team. The backward pass does the same with the gradients. There is a barrier at each step, and one at
/// each end.
extension Recurrence {
    func forward(_ input: ForwardInput, steps: Int, _ team: StepTeam, _ ring: StepRing) {
        func giveGates(_ t: Int) {
            prepareGates(t, input)
            RowKernels.copy(gates.window.slice(rows: windowRange(t)), into: own(ring.gates[0][t % 2]))
        }
        giveGates(0)
        for (state, shared) in zip(states, ring.states) { RowKernels.copy(state.first, into: own(shared)) }
        team.barrier()
        for (state, shared) in zip(states, ring.states) {
            RowKernels.copy(ofUnits(shared), into: state.steps.prefix(rows: size.streams))
        }
        for t in 0..<steps {
            copyGates(of: ring.gates[0][t % 2], into: gates.steps.slice(rows: stepRange(t)))
            forward(t, previous: ring.hidden[t % 2])
            let next = ring.hidden[(t + 1) % 2]
            RowKernels.copy(h.steps.slice(rows: stepRange(t + 1)), into: ofUnits(next))
            if t + 1 < steps {
                giveGates(t + 1)
            } else {
                for (state, shared) in zip(states.dropFirst(), ring.states.dropFirst()) {
                    RowKernels.copy(state.steps.slice(rows: stepRange(steps)), into: ofUnits(shared))
                }
            }
            team.barrier()
            RowKernels.copy(own(next), into: h.window(after: t + 1))
        }
        for (state, shared) in zip(states.dropFirst(), ring.states.dropFirst()) {
            RowKernels.copy(own(shared), into: state.window(after: 1))
        }
    }

    func backwardThroughTime(_ dOutput: MatrixView, steps: Int, _ team: StepTeam, _ ring: StepRing) {
        func giveGradient(_ t: Int) {
            RowKernels.copy(dOutput.slice(rows: windowRange(t)), into: own(ring.hidden[t % 2]))
        }
        giveGradient(steps - 1)
        team.barrier()
        for t in stride(from: steps - 1, through: 0, by: -1) {
            RowKernels.add(ofUnits(ring.hidden[t % 2]), to: h.gradient)
            // Only this rank reads these columns until the barrier, after which each rank has complete rows.
            if gradientObserver != nil { RowKernels.copy(h.gradient, into: ofUnits(ring.hidden[t % 2])) }
            backward(t)
            for (set, gates) in gateSets.enumerated() {
                copyGates(gates.steps.slice(rows: stepRange(t)), into: ring.gates[set][t % 2])
            }
            if t > 0 { giveGradient(t - 1) }
            team.barrier()
            gradientObserver?(t, own(ring.hidden[t % 2]))
            productBackward(ring.gates[gateSets.count - 1][t % 2])
            for (set, gates) in gateSets.enumerated() {
                RowKernels.copy(own(ring.gates[set][t % 2]), into: gates.window.slice(rows: windowRange(t)))
            }
        }
        // The first state lies in the same rows that another rank's observer may still read.
        if gradientObserver != nil { team.barrier() }
        for (state, shared) in zip(states, ring.states) {
            RowKernels.copy(state.gradient, into: ofUnits(shared))
        }
        team.barrier()
        for (state, shared) in zip(states, ring.states) {
            RowKernels.copy(own(shared), into: state.windowGradient)
        }
    }

    // MARK: Parts of shared matrices

    /// The rows of this rank's streams.
    private func own(_ matrix: MatrixView) -> MatrixView { matrix.slice(rows: team!.0.division.ownStreams) }

    /// The columns of this rank's units, `[B', U]` of `[B', H]`.
    private func ofUnits(_ matrix: MatrixView) -> MatrixView { matrix.slice(columns: size.units) }

    /// Copies the units' columns of each gate from `whole` `[B', G*H]` to `part` `[B', G*U]`.
    private func copyGates(of whole: MatrixView, into part: MatrixView) {
        for gate in 0..<C.gateCount { RowKernels.copy(columns(gate, ofWhole: whole), into: columns(gate, ofPart: part)) }
    }

    /// Copies `part` `[B', G*U]` to the units' columns of each gate in `whole` `[B', G*H]`.
    private func copyGates(_ part: MatrixView, into whole: MatrixView) {
        for gate in 0..<C.gateCount { RowKernels.copy(columns(gate, ofPart: part), into: columns(gate, ofWhole: whole)) }
    }

    private func columns(_ gate: Int, ofWhole matrix: MatrixView) -> MatrixView {
        let first = gate * size.hiddenSize
        return matrix.slice(columns: (first + size.units.lowerBound)..<(first + size.units.upperBound))
    }

    private func columns(_ gate: Int, ofPart matrix: MatrixView) -> MatrixView {
        matrix.slice(columns: (gate * size.units.count)..<((gate + 1) * size.units.count))
    }
}
