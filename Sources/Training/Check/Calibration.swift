import Communication
import Configuration
import Layers
import Models
import Tensors
import TextData

/// The time of a step, measured over some steps on the first tokens of the text.
struct Calibration {
    /// The median time of a training step.
    let stepSeconds: Double
    /// The median time of a window without a backward pass, as in a validation.
    let evaluationSeconds: Double
    let stepCount: Int

    private static let warmUpSteps = 2
    private static let leastSteps = 3
    private static let mostSteps = 50
    /// Nanoseconds after which no further step starts.
    private static let duration: Int64 = 2_000_000_000

    /// Trains for about two seconds, and discards the parameters. Collective; the times are those of rank 0.
    init(_ parallel: ParallelModel, _ plan: RunPlan, sample: [Int32], world: World) throws {
        var quick = plan.configuration.parameterInitialization
        quick.kind = .uniform  // orthogonal matrices take long to compute, and do not affect the time of a step
        if world.isRoot { quick.fill(parallel.exchange.parameters, parallel.layout) }
        try parallel.broadcastParameters()
        let steps = SampledSteps(parallel, plan.configuration, sample: sample)
        for step in 0..<Self.warmUpSteps { try steps.train(step) }
        let start = MonotonicClock.nanoseconds
        var times: [Int64] = []
        var goesOn = true
        while goesOn {
            let before = MonotonicClock.nanoseconds
            try steps.train(times.count)
            let now = MonotonicClock.nanoseconds
            times.append(now - before)
            let isShort = times.count < Self.leastSteps || (times.count < Self.mostSteps && now - start < Self.duration)
            goesOn = try world.broadcast(isShort ? 1 : 0) == 1
        }
        stepCount = times.count
        stepSeconds = Double(times.sorted()[times.count / 2]) / 1e9
        evaluationSeconds = try Self.evaluationSeconds(steps, world)
    }

    private static func evaluationSeconds(_ steps: SampledSteps, _ world: World) throws -> Double {
        let start = MonotonicClock.nanoseconds
        for step in 0..<leastSteps { steps.evaluate(step) }
        return Double(try world.max(Int(MonotonicClock.nanoseconds - start))) / 1e9 / Double(leastSteps)
    }
}

/// Steps of this rank on the first tokens of a text, divided into streams. They start again at the end of the sample.
private final class SampledSteps {
    private let parallel: ParallelModel
    private let configuration: TrainingConfiguration
    private let trainingStep: TrainingStep
    private let sample: [Int32]
    private let window: WindowBuffers

    init(_ parallel: ParallelModel, _ configuration: TrainingConfiguration, sample: [Int32]) {
        self.parallel = parallel
        self.configuration = configuration
        self.sample = sample
        trainingStep = TrainingStep(parallel, configuration)
        window = WindowBuffers(steps: configuration.windowLength, streams: parallel.streams.count)
    }

    /// One step, as in training.
    func train(_ step: Int) throws {
        fill(step)
        let tokens = configuration.batchSize * configuration.windowLength
        trainingStep.compute(
            window,
            BatchWindow(
                steps: configuration.windowLength, tokens: tokens, predictions: tokens, beginsSequences: step == 0),
            step: step)
        let norm = try trainingStep.reduce().squaredNorm.squareRoot()
        _ = try trainingStep.update(norm: norm, rate: configuration.learningRate)
    }

    /// One window, as in a validation.
    func evaluate(_ step: Int) {
        fill(step)
        parallel.model.forward(window.inputs.baseAddress!, steps: configuration.windowLength)
        _ = parallel.model.loss(targets: window.targets.baseAddress!, mask: window.mask.baseAddress!)
    }

    private func fill(_ step: Int) {
        let streams = parallel.streams
        for t in 0..<configuration.windowLength {
            for (b, stream) in streams.enumerated() {
                let start = stream * sample.count / configuration.batchSize + step * configuration.windowLength + t
                window.inputs[t * streams.count + b] = sample[start % sample.count]
                window.targets[t * streams.count + b] = sample[(start + 1) % sample.count] % Int32(parallel.shape.outputSize)
                window.mask[t * streams.count + b] = 1
            }
        }
    }
}
