import Kinds
import Layers
import Models
import Tensors
import Testing

@Suite("The work of output layers for a token")
struct TokenWorkTests {
    /// The work of an output layer with H 8 and V 11, whose targets are all tokens equally often.
    private func work(_ output: String, set: (inout Settings) -> Void = { _ in }) throws -> TokenWork {
        var settings = Settings()
        set(&settings)
        let shape = OutputShape(vocabularySize: 11, hiddenSize: 8, settings: settings)
        let kind = try #require(OutputKind(rawValue: output))
        return try #require(Outputs.work(kind, shape, targets: { Double($0.count) / 11 }))
    }

    /// - Parameters:
    ///   - operations: in training.
    ///   - reads: by default as many as there are weights.
    private func expect(
        _ work: TokenWork, operations: Double, weights: Int, reads: Int? = nil, location: SourceLocation = #_sourceLocation
    ) {
        #expect(abs(work.trainingOperations - operations) <= 1e-9 * operations, "\(work) \(operations)", sourceLocation: location)
        #expect(work.weightCount == weights && work.readCount == reads ?? weights, "\(work)", sourceLocation: location)
    }

    @Test("A softmax over all tokens, and a mixture of them, use every weight for every token")
    func whole() throws {
        expect(try work("full"), operations: 6 * 8 * 11, weights: 8 * 11)
        // Prior [3, 8], contexts [3*8, 8], and the table [11, 8] for each of the three contexts.
        let own = 3 * 8 + 3 * 8 * 8
        expect(
            try work("mixture") { $0[OutputSettings.mixtureSize] = 3 }, operations: Double(6 * (own + 3 * 88)), weights: own + 88,
            reads: own + 3 * 88)
    }

    @Test("Classes, clusters and trees use the part of the target in training, and all weights for logits")
    func parts() throws {
        // The four classes have 1, 2, 4 and 4 tokens.
        expect(
            try work("class") { $0[OutputSettings.classes] = 4 }, operations: 6 * 8 * (4 + (1 + 4 + 16 + 16) / 11.0),
            weights: 8 * (4 + 11))
        // A head of four tokens and a cluster, which has seven tokens and two columns.
        expect(
            try work("adaptive") { $0[OutputSettings.cutoffs] = [4] }, operations: 6 * (8 * 5 + 7 / 11.0 * 2 * (8 + 7)),
            weights: 8 * 5 + 2 * (8 + 7))
        // The depths of the leaves of the Huffman tree of 1, 1/2, ..., 1/11 are 2, 2, 3, 4, 4, 4, 4, 5, 5, 5, 5.
        expect(try work("hierarchical"), operations: 6 * 8 * 43 / 11.0, weights: 8 * 10)
    }

    @Test("Samples count once if they are drawn several times, and the logits are those of all tokens")
    func samples() throws {
        for output in ["sampled", "nce", "blackout"] {
            let found = try work(output) { ($0[OutputSettings.samples], $0[OutputSettings.samplePower]) = (2, 0) }
            // Two draws miss a token of eleven with this probability.
            let missed = 100 / 121.0
            expect(found, operations: 6 * 8 * 11 * (1 - missed) + 2 * 8 + 4 * 8 * missed, weights: 8 * 11)
        }
    }

    @Test("Every registered output layer knows its work; a new one that states nothing has none")
    func known() {
        for sizes in OutputUnderTest.allShapes {
            #expect(sizes.shape.work(targets: { _ in 0 }) != nil, "\(sizes)")
        }
        #expect(NewOutput.work(OutputShape(vocabularySize: 11, hiddenSize: 8), targets: { _ in 0 }) == nil)
    }
}

/// An output layer that declares only what every one must.
private final class NewOutput: OutputLayer {
    static let name = "new"
    static let summary = "A new output layer."

    init(_ shape: OutputShape, tied: Parameter?, _ builder: Builder) {}

    func logits(_ hidden: MatrixView) -> MatrixView { hidden }

    func loss(
        _ hidden: MatrixView, targets: UnsafePointer<Int32>, mask: UnsafePointer<Float>, training: TrainingLoss?
    ) -> UnsafePointer<Double> {
        preconditionFailure("a layer without losses")
    }

    func backward(dHidden: MatrixView, steps: Int, rows: GradientRows) {}
}
