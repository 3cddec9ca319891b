import Layers
import Tensors
import Testing

@Suite("Recurrent layers")
struct RecurrentLayerTests {
    /// With 512 units, the rows of the gates have padding.
    @Test(
        "A stream's outputs and input gradients do not depend on other streams", arguments: LayerKind.allCases,
        [10, 512])
    func streamsApart(kind: LayerKind, hiddenSize: Int) {
        let whole = LayerUnderTest(kind, hiddenSize: hiddenSize).run()
        for streams in [0..<1, 2..<3, 1..<4, 4..<5] {
            let part = LayerUnderTest(kind, hiddenSize: hiddenSize, streams: streams).run()
            #expect(part.output == LayerUnderTest.rows(whole.output, of: streams), "streams \(streams)")
            #expect(part.dInput == LayerUnderTest.rows(whole.dInput, of: streams), "streams \(streams)")
        }
        #expect(whole.dInput.contains { $0 != 0 })
    }

    @Test("A layer for inference and a layer for training have equal outputs", arguments: LayerKind.allCases)
    func inference(kind: LayerKind) {
        #expect(LayerUnderTest(kind, training: false).run().output == LayerUnderTest(kind).run().output)
    }

    @Test(
        "Equal rows given once have the outputs of rows that are all there, to the bit", arguments: LayerKind.allCases,
        [10, 512])
    func repeatedRows(kind: LayerKind, hiddenSize: Int) {
        let (subject, plain) = (LayerUnderTest(kind, hiddenSize: hiddenSize), LayerUnderTest(kind, hiddenSize: hiddenSize))
        let numbers: [Int32] = (0..<20).map { $0 * $0 % 7 }
        #expect(subject.run(rows: numbers) == plain.run(expanding: numbers))
    }

    @Test("The carried state is h after the last step", arguments: LayerKind.allCases)
    func carried(kind: LayerKind) {
        let subject = LayerUnderTest(kind)
        let (output, _) = subject.run()
        #expect(values(subject.states[0].matrix).allSatisfy { $0 == 0 })
        subject.layer.carryState(steps: 3)
        #expect(values(subject.states[0].matrix) == Array(output[(2 * 50)..<(3 * 50)]))
        #expect(subject.states.map(\.name) == (kind == .lstm ? ["h_l0", "c_l0"] : ["h_l0"]))
    }

    @Test("Each instruction set gives the same bits, forward and backward", arguments: LayerKind.allCases)
    func levels(kind: LayerKind) {
        var first: (output: [Float], dInput: [Float])?
        Processor.atEachLevel { level in
            let found = LayerUnderTest(kind).run()
            #expect(found == first ?? found, "\(level)")
            first = found
        }
    }
}
