import Layers
import Models
import TestSupport
import Testing

import func Foundation.tanh

/// `u = s(W_iu x + b_iu + W_hu h + b_hu)`, `n = tanh(W_in x + b_in + W_hn h + b_hn)`, `h' = u n + (1 - u) h`.
private struct OracleUpdateGate: OracleCell {
    let gateCount = 2

    func forward(x: [Double], h: [Double], c: [Double], weights: OracleWeights) -> OracleStep {
        let sums = sum(weights.inputSide(x), weights.hiddenSide(h))
        let u = sums[..<h.count].map { sigmoid($0) }
        let n = sums[h.count...].map { tanh($0) }
        let next = h.indices.map { j in h[j] + u[j] * (n[j] - h[j]) }
        return OracleStep(x: x, hPrevious: h, cPrevious: c, gates: u + n, h: next, c: c)
    }

    func backward(
        _ step: OracleStep, dh: [Double], dc: [Double], weights: OracleWeights, gradient: inout OracleWeights
    ) -> OracleStepGradient {
        let size = dh.count
        let (u, n, h) = (Array(step.gates[..<size]), Array(step.gates[size...]), step.hPrevious)
        var dGates = [Double](repeating: 0, count: 2 * size)
        var direct = dGates[..<size]
        for j in 0..<size {
            let dU = dh[j] * (n[j] - h[j])
            dGates[j] = dU * u[j] * (1 - u[j])
            dGates[size + j] = dh[j] * u[j] * (1 - n[j] * n[j])
            direct[j] = dh[j] * (1 - u[j])
        }
        gradient.add(dInput: dGates, x: step.x, dHidden: dGates, h: h)
        return OracleStepGradient(
            dx: transposedProduct(weights.inputWeight, dGates),
            dhPrevious: sum(transposedProduct(weights.hiddenWeight, dGates), Array(direct)), dcPrevious: dc)
    }
}

@Suite("The update gate alone", .serialized)
struct UpdateGateTests {
    private static let cell = CellKind(rawValue: "update-gate")!
    private static let sizes = [
        ShapeCase("update-gate", cell, OracleUpdateGate()),
        ShapeCase("update-gate, tied, learned state", cell, OracleUpdateGate(), tied: true, initialState: .learned),
    ]

    @Test("Every gradient of its oracle is that of central differences", arguments: [false, true])
    func centralDifferences(tied: Bool) {
        OracleTests().centralDifferences(OracleCase(name: "update-gate", cell: OracleUpdateGate(), tied: tied))
    }

    @Test("Loss and every gradient are the oracle's, with dropout", arguments: sizes)
    func oracle(sizes: ShapeCase) { DropoutModelTests().againstOracle(sizes: sizes) }

    @Test("Windows of any lengths with the state carried have the losses of one, to the bit", arguments: sizes)
    func windows(sizes: ShapeCase) { WindowTests().carriedState(sizes: sizes) }

    @Test("Gradients have the same bits at any number of ranks and each instruction set", arguments: sizes, [0, 0.3])
    func ranks(sizes: ShapeCase, dropout: Float) {
        RankCountTests().ranks(sizes: sizes, dropout: dropout)
        RankCountTests().sharing(sizes: sizes, dropout: dropout)
    }

    @Test("Runs on 1, 2, 3 and 8 ranks, in teams, and resumed by another number of ranks end with the same digest")
    func runs() throws {
        let texts = try TrainingFolder(
            options: ["--cell", "update-gate"] + TrainingFolder.model + ["--hidden-size", "96"], lines: 60, validLines: 20)
        func digest(_ run: String, _ program: RunningProgram) throws -> String {
            let ending = try program.end(timeLimit: 60)
            try #require(ending.status == 0, "\(ending)")
            return try #require(try RunLog(run: texts.path(run)).finalDigest)
        }
        let alone = try digest("run-1", texts.start(ranks: 1, run: "run-1", ["--epochs", "2"]))
        for (ranks, teams) in [(2, "never"), (3, "never"), (8, "never"), (3, "always")] {
            let run = "run-\(ranks)-\(teams)"
            #expect(try digest(run, texts.start(ranks: ranks, run: run, ["--epochs", "2", "--teams", teams])) == alone, "\(run)")
        }
        #expect(try digest("resumed", texts.start(ranks: 2, run: "resumed", ["--epochs", "1"])) != alone)
        #expect(try digest("resumed", texts.startResume(ranks: 3, run: "resumed", ["--epochs", "2"])) == alone)
    }
}
