import Checkpoints
import Configuration
import Failures
import Files
package import Runs
import Tasks

/// What `metrics.jsonl` and `config.toml` of a run say, for a page.
package struct RunHistory {
    /// The name for people: the last part of the folder's path.
    package var name: String
    let configuration: TrainingConfiguration
    /// Curves by name: `loss`, `valid_loss`, `gradient_norm` and so on.
    private(set) var curves: [String: Curve] = [:]
    private(set) var samples: [Sample] = []
    /// The last line `start` or `resume`.
    private(set) var beginning: LoggedEvent?
    /// The lines `start` and `resume` of the jobs of which steps belong to the run, in their order.
    private(set) var trainingJobs: [LoggedEvent] = []
    /// The number of steps before those of `trainingJobs`; not 0 if the log has lost its beginning. A job may return to a checkpoint before its resume.
    private(set) var trainingBegin = 0
    /// The line `end` of the last job; nil if it has not ended.
    private(set) var end: LoggedEvent?
    /// How often the run returned to a checkpoint.
    private(set) var returns = 0
    /// The validations, also those of abandoned steps.
    private var validations: [LoggedEvent] = []
    /// The step and the digest of the last checkpoint of the run.
    private var lastCheckpoint: (step: Int, digest: String)?
    /// Warnings about the log, one line each.
    package private(set) var warnings: [String] = []
    /// The model in `best.safetensors`. A rollback to an earlier step leaves that file as it is.
    private var named: NamedBest?
    private let models: LoggedModels
    private let lastSteps: [Int: Int]
    /// The number of parts of the log so far.
    private var partCount = 0
    /// The steps before the current part.
    private var partBegin = 0

    /// The model in `best.safetensors`: that of the last line that names one. Lines `start`, `resume` and `end` name the model of the file, and a
    /// validation that was the best one replaces it.
    ///
    /// The lowest loss of the log may be another: of an improvement below `--epsilon`, or of a model that was lost.
    var best: Best? {
        guard let named else { return nil }
        let validation = validations.last { isOf(named, $0) }
        let model = BestModel(step: named.step, loss: named.criterion, parametersDigest: named.digest ?? "")
        return Best(
            step: named.step, loss: named.loss ?? validation?.numbers["loss"], figure: figure(named.criterion),
            digest: named.digest,
            isAbandoned: end.map { $0.flags["best_is_abandoned"] == true } ?? models.abandons(model))
    }

    /// Whether a validation is that of a model. Models of the same step may have the same accuracy, but not the same digest.
    private func isOf(_ named: NamedBest, _ validation: LoggedEvent) -> Bool {
        guard validation.step == named.step, Self.criterion(validation) == named.criterion else { return false }
        guard let one = named.digest, let other = validation.texts["parameters_digest"] else { return true }
        return one == other
    }

    /// The figures of the best model on the validation text.
    struct Best {
        let step: Int
        /// Nil if the log has no line of the validation.
        let loss: Double?
        /// That of the task's metric.
        let figure: Double?
        /// The digest of its parameters; nil in logs of earlier versions, in which only the end has it.
        let digest: String?
        /// Whether the run has abandoned the steps that led to it, because it continued from an earlier step.
        let isAbandoned: Bool
    }

    /// The number of steps: that of the end, or the last one of a curve or a checkpoint.
    var steps: Int? {
        let last = curves.values.map { $0.points.last?.step } + [lastCheckpoint?.step]
        return end?.step ?? last.compactMap(\.self).max()
    }

    /// The digest of the parameters after these steps; nil if the log does not have it.
    var lastDigest: String? {
        end?.texts["parameters_digest"] ?? lastCheckpoint.flatMap { $0.step >= steps ?? 0 ? $0.digest : nil }
    }

    /// The metric of the run's task.
    var metric: any Metric { configuration.taskType.metric }

    /// Whether the losses of the lines `step` are estimates from samples, whose perplexity would pass for that of the model.
    var estimatesTraining: Bool { configuration.estimatesTrainingLoss }

    /// The task's figure on the test text; nil without a test. A figure that JSON cannot represent is made from the loss.
    var testFigure: Double? {
        let logged = end?.numbers["test_\(metric.presentation.name)"]
        return logged ?? (metric.presentation.followsFromLoss ? end?.numbers["test_loss"].flatMap(figure) : nil)
    }

    private func figure(_ criterion: Double) -> Double? {
        guard case .number(let value) = metric.figure(criterion).value else { return nil }
        return value
    }

    /// What a validation minimises; its loss, unless the line has another.
    private static func criterion(_ validation: LoggedEvent) -> Double? {
        validation.numbers["criterion"] ?? validation.numbers["loss"]
    }

    /// A text that the model generated.
    struct Sample {
        let step: Int
        let text: String
    }

    /// Reads the folder of a run. A line of the log that is not valid is left out, with a warning. Throws the errors of its files; nil if there
    /// is no run.
    package init?(folder path: String) throws {
        guard let stored = try StoredConfiguration(ofRun: path) else { return nil }
        let log = RunFolder(path: path).metricsPath
        let (events, invalidLines) = try LoggedEvent.all(path: log)
        let models = try MetricsReader(path: log, modelsOnly: true).models
        self.init(
            name: Quotation.showingBytes(pathNames(path).last ?? path), stored.configuration, events: events,
            models, lastSteps: models.lastSteps)
        guard let first = invalidLines.first else { return }
        let others = invalidLines.count == 1 ? "" : " and \(counted(invalidLines.count - 1, "later line"))"
        warnings = ["\(log): line \(first)\(others) cannot be read. The page leaves out what the log says there."]
    }

    /// The history up to the model of a checkpoint of the run, also if the run has abandoned it since. Throws `FileError` if the log cannot be read.
    package init(log path: String, upTo checkpoint: StoredCheckpoint) throws {
        let models = try MetricsReader(path: path, modelsOnly: true).models
        self.init(
            name: "", checkpoint.configuration, events: try LoggedEvent.all(path: path).events, models,
            lastSteps: models.lastSteps(upTo: checkpoint))
    }

    /// The history in the lines of a log, which has these models.
    init(
        name: String, _ configuration: TrainingConfiguration, events: [LoggedEvent], _ models: LoggedModels,
        lastSteps: [Int: Int]
    ) {
        (self.name, self.configuration, self.models, self.lastSteps) = (name, configuration, models, lastSteps)
        for event in events {
            take(event)
            if let step = event.step { takeJob(step) }
        }
    }

    private static let stepFields = ["loss", "gradient_norm", "clipped", "learning_rate", "tokens_per_second"]

    private mutating func take(_ event: LoggedEvent) {
        guard let step = event.step else { return }
        if partCount == 0 || LoggedModels.beginnings.contains(event.name) { (partCount, partBegin) = (partCount + 1, step) }
        // Other steps are abandoned, or were repeated.
        let isOfRun = step <= lastSteps[partCount - 1] ?? -1
        switch event.name {
        case "start", "resume", "rollback":
            // A new run. A run that starts again without checkpoints keeps its identity and best.safetensors.
            let identity = event.texts["run_identity"]
            if event.name == "start", identity == nil || identity != beginning?.texts["run_identity"] {
                (named, validations, returns, trainingJobs) = (nil, [], 0, [])
            }
            takeBest(event)
            if event.name == "rollback" { returns += 1 } else { (beginning, end) = (event, nil) }
        case "step" where isOfRun:
            for field in Self.stepFields { add(event, field, to: field, step) }
            guard metric.presentation.followsFromLoss, !estimatesTraining else { break }
            add(event.numbers["loss"].flatMap(figure), to: "figure", step)
        case "validation":
            if isOfRun {
                add(event, "loss", to: "valid_loss", step)
                add(Self.criterion(event).flatMap(figure), to: "valid_figure", step)
            }
            validations.append(event)
            if event.flags["best"] == true { named = NamedBest(validation: event, criterion: Self.criterion(event)) }
        case "gradients" where isOfRun:
            for field in event.numbers.keys where field.hasPrefix("hidden_gradient_") { add(event, field, to: field, step) }
        case "checkpoint" where isOfRun: lastCheckpoint = event.texts["parameters_digest"].map { (step, $0) }
        case "sample" where isOfRun: samples.append(Sample(step: step, text: event.texts["text"] ?? ""))
        case "end":
            end = event
            takeBest(event)
        default: break
        }
    }

    /// Takes the job of the current part of the log, if a step of this part belongs to the run.
    ///
    /// - Parameter step: that of a line of the part.
    private mutating func takeJob(_ step: Int) {
        guard let beginning, let last = lastSteps[partCount - 1] else { return }
        // The end of the last part is that of the log.
        let trains = (last == .max ? step : last) > partBegin
        // A job has another part after each return to a checkpoint.
        guard trains, trainingJobs.last != beginning else { return }
        if trainingJobs.isEmpty { trainingBegin = partBegin }
        trainingJobs.append(beginning)
    }

    /// The best model that a line names; none if it says that there is none. Lines of earlier versions may have no word of it.
    private mutating func takeBest(_ event: LoggedEvent) {
        if let best = NamedBest(event) {
            named = best
        } else if event.nulls.contains("best_step") || event.numbers["lost_best_step"] != nil {
            named = nil
        }
    }

    private mutating func add(_ event: LoggedEvent, _ field: String, to curve: String, _ step: Int) {
        add(event.numbers[field], to: curve, step)
    }

    private mutating func add(_ value: Double?, to curve: String, _ step: Int) {
        guard let value else { return }
        curves[curve, default: Curve()].add(step, value)
    }
}

/// The best model that a line of the log names.
private struct NamedBest {
    let step: Int
    /// What validations minimise.
    let criterion: Double
    /// Nil in a line of a classifier that is no validation.
    let loss: Double?
    let digest: String?

    /// That of a line `start`, `resume` or `end`; nil if it has none.
    init?(_ event: LoggedEvent) {
        guard let step = event.numbers["best_step"].flatMap({ Int(exactly: $0) }),
            let criterion = event.numbers["best_criterion"] ?? event.numbers["best_loss"]
        else { return nil }
        (self.step, self.criterion, loss) = (step, criterion, event.numbers["best_loss"])
        digest = event.texts["best_parameters_digest"]
    }

    /// That of a validation; nil if its loss is not finite.
    init?(validation: LoggedEvent, criterion: Double?) {
        guard let step = validation.step, let criterion else { return nil }
        (self.step, self.criterion, loss) = (step, criterion, validation.numbers["loss"])
        digest = validation.texts["parameters_digest"]
    }
}

/// A curve over training steps, in ascending order of the steps.
struct Curve {
    struct Point: Equatable {
        let step: Int
        let value: Double
    }

    private(set) var points: [Point] = []

    init() {}

    init(_ points: [Point]) { self.points = points }

    /// Adds a point. An earlier point of the same step is replaced.
    mutating func add(_ step: Int, _ value: Double) {
        cut(after: step - 1)
        points.append(Point(step: step, value: value))
    }

    /// Removes the points of later steps.
    mutating func cut(after step: Int) {
        while let last = points.last, last.step > step { points.removeLast() }
    }

    /// The curve with each value mapped.
    func map(_ transform: (Double) -> Double) -> Curve {
        Curve(points.map { Point(step: $0.step, value: transform($0.value)) })
    }

    /// At most about `count` points: of each of `count / 2` equal parts the lowest and the highest, so that spikes stay visible, and both ends.
    func thinned(to count: Int) -> [Point] {
        guard points.count > count else { return points }
        let parts = max(count / 2, 1)
        let kept = (0..<parts).flatMap { part -> [Int] in
            let range = (part * points.count / parts)..<((part + 1) * points.count / parts)
            let byValue = { [points] (one: Int, other: Int) in points[one].value < points[other].value }
            return [range.min(by: byValue), range.max(by: byValue)].compactMap { $0 }
        }
        return Set(kept + [0, points.count - 1]).sorted().map { points[$0] }
    }
}
