import Testing
import Training

@Suite("A training loss that shows divergence is warned of once")
struct DivergenceWatchTests {
    @Test("Exact losses are compared with that of a uniform model")
    func exact() {
        var watch = DivergenceWatch(outputSize: 1000, unit: "nats per token", isEstimated: false)
        #expect(watch.warning(loss: 79, step: 1) == nil)
        #expect(
            watch.warning(loss: 80, step: 2)?.contains(
                "step 2: the loss is 80 nats per token; a model that knows nothing has 6.91.") == true)
        #expect(watch.warning(loss: 90, step: 3) == nil)
    }

    @Test("The losses of a classifier are compared with the logarithm of the number of labels")
    func labels() {
        var watch = DivergenceWatch(outputSize: 2, unit: "nats per line", isEstimated: false)
        #expect(watch.warning(loss: 16.9, step: 1) == nil)
        #expect(
            watch.warning(loss: 17, step: 2)?.contains(
                "step 2: the loss is 17 nats per line; a model that knows nothing has 0.69.") == true)
    }

    @Test("Losses that are estimated from samples are compared with the first one")
    func estimated() {
        var watch = DivergenceWatch(outputSize: 1000, unit: "nats per token", isEstimated: true)
        #expect(watch.warning(loss: 579, step: 1) == nil)
        #expect(watch.warning(loss: 5799, step: 2) == nil)
        #expect(watch.warning(loss: 5801, step: 3)?.contains("the loss of this job began at 579.00. Training diverges") == true)
    }
}
