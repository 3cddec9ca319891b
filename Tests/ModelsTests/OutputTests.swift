import Foundation
import Layers
import Models
import TestSupport
import Tensors
import Testing

@Suite("Output layers", .serialized)
struct OutputTests {
    @Test("Every gradient of the oracle is that of central differences", arguments: OutputUnderTest.all)
    func centralDifferences(output: OutputUnderTest) {
        for tied in output.mayBeTied ? [false, true] : [false] {
            OracleTests().centralDifferences(
                OracleCase(
                    name: output.name, cell: OracleLSTM(), tied: tied, output: output.oracle, vocabularySize: 11,
                    targets: [1, 4, 8, 10, 3, 0]))
        }
    }

    @Test("Loss and every gradient are the oracle's, with dropout", arguments: OutputUnderTest.allShapes)
    func oracle(sizes: ShapeCase) { DropoutModelTests().againstOracle(sizes: sizes) }

    @Test(
        "Windows of any lengths with the state carried have the losses of one, to the bit", arguments: OutputUnderTest.allShapes)
    func windows(sizes: ShapeCase) { WindowTests().carriedState(sizes: sizes) }

    @Test("Padded rows contribute no gradient", arguments: OutputUnderTest.allShapes)
    func padding(sizes: ShapeCase) { WindowTests().onlyPadding(sizes: sizes) }

    @Test("Gradients have the same bits at any number of ranks and each instruction set", arguments: OutputUnderTest.allShapes)
    func ranks(sizes: ShapeCase) {
        RankCountTests().ranks(sizes: sizes, dropout: 0.3)
        RankCountTests().sharing(sizes: sizes, dropout: 0)
    }

    @Test("A model takes the bytes that were measured", arguments: OutputUnderTest.allShapes, [true, false])
    func measured(sizes: ShapeCase, training: Bool) { ModelShapeTests().measured(sizes: sizes, training: training) }

    @Test(
        "The distribution has the oracle's log probabilities, whose sum over the vocabulary is 1 within 1e-5, and the exact loss",
        arguments: OutputUnderTest.allShapes)
    func distribution(sizes: ShapeCase) {
        let (steps, streams) = (5, 3)
        let window = TokenWindow(steps: steps, streams: streams, vocabularySize: sizes.shape.vocabularySize, seed: 31)
        let rank = SimulatedRank(shape: sizes.shape, steps: steps, batchSize: streams)
        rank.initialize()
        rank.model.resetState()
        rank.model.forward(window.inputs, steps: steps)
        let ones = [Float](repeating: 1, count: steps * streams)
        let losses = rank.model.loss(ofRows: 0..<(steps * streams), targets: window.targets, mask: ones)
        let exact = Array(UnsafeBufferPointer(start: losses, count: steps * streams))
        let logits = rank.model.logits()
        for row in 0..<(steps * streams) {
            let logs = logSoftmax((0..<logits.columns).map { Double(logits.pointer[row * logits.rowStride + $0]) })
            #expect(abs(logs.reduce(0) { $0 + exp($1) } - 1) < 1e-5)
            let isNormalized =
                abs((0..<logits.columns).reduce(0) { $0 + exp(Double(logits.pointer[row * logits.rowStride + $1])) } - 1) < 1e-5
            let areLogits = sizes.oracleOutput is OracleFullOutput || sizes.oracleOutput is OracleSampledOutput
            #expect(isNormalized || areLogits)
            #expect(abs(exact[row] + logs[Int(window.targets[row])]) < 1e-5, "row \(row)")
        }
        withExtendedLifetime(rank) {}
    }

    @Test(
        "Runs on 1, 2, 3 and 8 ranks, by window and by messages, and resumed in an epoch by other ranks, end with one digest",
        arguments: OutputKind.allCases.map { OutputOptions.small($0.rawValue) } + OutputOptions.maxEnt)
    func runs(options: [String]) throws {
        let texts = try TrainingFolder(
            options: options + TrainingFolder.model, lines: 60, validLines: 20)
        let alone = try digest(texts, "run", texts.start(ranks: 1, run: "run", ["--epochs", "2"]))
        for (ranks, exchange) in [(2, "messages"), (3, "window"), (8, "window")] {
            let run = "run-\(ranks)"
            let program = try texts.start(ranks: ranks, run: run, ["--epochs", "2", "--exchange", exchange])
            #expect(try digest(texts, run, program) == alone, "\(run)")
        }
        let firstEpoch = ["--epochs", "1", "--checkpoint-every", "3 steps"]
        #expect(try digest(texts, "resumed", texts.start(ranks: 2, run: "resumed", firstEpoch)) != alone)
        for step in texts.checkpointSteps(run: "resumed") where step > 3 {
            try FileManager.default.removeItem(atPath: texts.path(texts.checkpoint(run: "resumed", step: step)))
        }
        try #require(texts.checkpointSteps(run: "resumed") == [3])
        #expect(try digest(texts, "resumed", texts.startResume(ranks: 3, run: "resumed", ["--epochs", "2"])) == alone)
    }

    private func digest(_ texts: TrainingFolder, _ run: String, _ program: RunningProgram) throws -> String {
        let ending = try program.end(timeLimit: 60)
        try #require(ending.status == 0, "\(ending)")
        return try #require(try RunLog(run: texts.path(run)).finalDigest)
    }
}
