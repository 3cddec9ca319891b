import Inference
import Testing

@Suite("Divergence of dynamic evaluation")
struct DynamicLossesTests {
    /// The token from which the losses diverge, for 8 tokens, whose uniform loss is 2.08 nats. Each pair is a loss and its number of tokens.
    private func diverged(_ losses: (loss: Double, count: Int)...) -> Int? {
        var watched = DynamicLosses(vocabularySize: 8)
        for (loss, count) in losses { watched.add([Double](repeating: loss, count: count)) }
        return watched.firstDiverged
    }

    @Test("Any 500 tokens in a row decide, and not a few of them at the end of the text")
    func spans() {
        #expect(diverged((1, 500), (9, 1)) == nil)
        // 270 of 500 losses of 3 and others of 1 have a mean above 2.08: first the tokens 171 to 670.
        #expect(diverged((1, 400), (3, 300)) == 171)
        #expect(diverged((1, 400), (3, 269), (1, 400)) == nil)
        #expect(diverged((3, 500)) == 1 && diverged((1, 700), (.nan, 1)) == 202)
    }

    @Test("All tokens of a shorter text decide, but a few tokens say nothing")
    func shortTexts() {
        #expect(diverged((1, 1), (9, 1)) == nil && diverged((9, 49)) == nil && diverged() == nil)
        #expect(diverged((9, 50)) == 1 && diverged((3, 60), (1, 30)) == 1 && diverged((3, 60), (1, 90)) == nil)
    }

    @Test("Equal probabilities are no divergence")
    func uniform() {
        let uniform = DynamicLosses(vocabularySize: 8).uniformLoss
        #expect(diverged((uniform, 3000)) == nil && diverged((uniform, 70)) == nil)
    }
}
