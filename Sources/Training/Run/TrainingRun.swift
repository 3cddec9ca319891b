import Checkpoints
public import Communication
public import Configuration
import Digests
import Exchange
import Failures
import Models
import Runs
import Tasks
import Tensors
import TextData

/// A run from start to end: preparation on rank 0, construction on all ranks, training, and the test at the end.
public struct TrainingRun {
    let world: World
    let version: String
    let notices: [String]

    /// - Parameters:
    ///   - version: the version of the program, for the log.
    ///   - notices: notes about the options, which the job prints at its start.
    public init(world: World, version: String, notices: [String] = []) {
        (self.world, self.version, self.notices) = (world, version, notices)
    }

    /// Trains as configured, or resumes the run in `configuration.run`. Collective.
    ///
    /// With `breakingLock`, also takes a lock of the folder that a job on another machine left. Throws a `RemoteFailure` on all
    /// ranks for errors that all ranks agree on. An error of a single rank after the model is created ends the job, because the
    /// rank must not free windows that other ranks still use: freeing them is collective.
    public func run(
        _ configuration: TrainingConfiguration, resume: Bool, breakingLock: Bool = false
    ) throws -> TrainingOutcome {
        let run = try setUp(configuration, resume: resume, breakingLock: breakingLock)
        defer { withExtendedLifetime(run) {} }  // holds the lock of the run folder on rank 0
        do {
            return try trainAndTest(run)
        } catch {
            run.keeper.finish(before: error)
            if run.trainer.state.step == 0, !run.trainer.hasStepped { run.preparation?.abandon() }
            guard error is RemoteFailure else { world.end(with: error) }
            throw error
        }
    }

    private func trainAndTest(_ run: RunSetup) throws -> TrainingOutcome {
        let outcome = try run.trainer.run()
        Watchdog.enter(.test)
        let ending = try self.ending(run, outcome)
        Watchdog.enter(.end)
        _ = try world.agreeOnRoot { try run.report.end(ending, state: run.trainer.state) }
        try world.agree {
            let model = ending.best == nil ? run.plan.runFolder : run.keeper.bestPath
            try ending.test?.requireFinite(model: model, text: "the test text")
        }
        return ending.outcome
    }

    /// Throws if the folder of a new run contains a run. Needs no MPI; `run` repeats the check.
    public static func checkFolder(_ configuration: TrainingConfiguration) throws {
        if configuration.run != nil { _ = try RunPreparation.freshFolder(configuration) }
    }

    /// Does all work before the first step. Collective; throws the errors of `run`.
    package func setUp(
        _ configuration: TrainingConfiguration, resume: Bool, breakingLock: Bool = false
    ) throws -> RunSetup {
        Processor.flushDenormals()
        try world.agree { if !StopSignals.install() { throw TrainingError.signals } }
        try requireSameOptions(configuration)
        try requireTime(configuration)
        try startWatch(configuration)
        do {
            Watchdog.enter(.texts)
            return try setUp(try prepare(configuration, resume: resume, breakingLock: breakingLock))
        } catch {
            Watchdog.forgetDeadline()
            throw error
        }
    }

    /// Creates the model and everything else that a prepared run needs for its first step. Collective.
    private func setUp(_ preparation: RunPreparation?) throws -> RunSetup {
        do {
            return try create(preparation)
        } catch {
            preparation?.abandon()
            throw error
        }
    }

    private func create(_ preparation: RunPreparation?) throws -> RunSetup {
        let plan = try RunPlan(jsonText: try world.broadcast(try preparation?.plan.jsonText() ?? ""))
        Watchdog.enter(.construction)
        let parallel = try ParallelModel(
            world: world, plan.configuration, vocabularySize: plan.vocabularySize, tokenCounts: plan.tokenCounts)
        let vectors = preparation?.takeWordVectors()
        try initialize(parallel, plan, preparation?.takeCheckpoint(), vectors)
        let texts = try world.agree { try Watchdog.waitingForDisk { try RunTexts(plan, streams: parallel.streams) } }
        return try makeSetup(plan, parallel: parallel, texts: texts, preparation: preparation)
    }

    /// Throws if a rank has other options than rank 0, which alone reads them: nobody would learn that they have no effect. Collective.
    func requireSameOptions(_ configuration: TrainingConfiguration) throws {
        let root = try world.broadcast(configuration.toml).split(separator: "\n", omittingEmptySubsequences: false)
        let own = configuration.toml.split(separator: "\n", omittingEmptySubsequences: false)
        try world.agree {
            if let (own, root) = zip(own, root).first(where: { $0 != $1 }) {
                throw TrainingError.otherOptions(own: Quotation.of(own), root: Quotation.of(root))
            }
        }
    }

    private func startWatch(_ configuration: TrainingConfiguration) throws {
        let deadline = world.isRoot ? Deadline(limit: configuration.timeLimit).ofPreparation(configuration.timeLimit) : nil
        Watchdog.prepareWork(
            exitStatus: ExitStatus.preempted.rawValue, advice: "The job ends before its first step: nothing is lost.",
            deadline: deadline
        ) { "\(TrainingError.stoppedBeforeStart(.signal($0)))" }
        try Watchdog.start(
            in: world, limit: configuration.stallLimit.seconds,
            advice: "The job ends; --resume continues from its last checkpoint.")
    }

    /// The preparation on rank 0. Meanwhile the other ranks read texts for it.
    private func prepare(
        _ configuration: TrainingConfiguration, resume: Bool, breakingLock: Bool
    ) throws -> RunPreparation? {
        let survey = try HostSurvey(world: world)
        let deadline = Deadline(limit: configuration.timeLimit)
        let tokenizer = DistributedTokenizer(world: world) { deadline.startFlags }
        return try world.agreeOnRoot(with: tokenizer) {
            try RunCheck.requireProcessLimits(configuration, survey)
            do {
                return resume
                    ? try RunPreparation.resume(
                        configuration, rankCount: world.rankCount, survey: survey, tokenizer: tokenizer,
                        breakingLock: breakingLock)
                    : try RunPreparation.begin(
                        configuration, rankCount: world.rankCount, survey: survey, tokenizer: tokenizer,
                        breakingLock: breakingLock)
            } catch let interruption as TextInterruption {
                throw TrainingError.beforeFirstStep(interruption.reason, limit: configuration.timeLimit)
            }
        }
    }

    /// Throws `TrainingError.noTime` on all ranks if the time limit has already passed.
    private func requireTime(_ configuration: TrainingConfiguration) throws {
        _ = try world.agreeOnRoot {
            let deadline = Deadline(limit: configuration.timeLimit)
            if deadline.isPast { throw TrainingError.noTime(deadline.reason, limit: configuration.timeLimit) }
        }
    }

    /// Initialises parameters from the seed and the word vectors, or restores everything from the checkpoint.
    private func initialize(
        _ parallel: ParallelModel, _ plan: RunPlan, _ checkpoint: StoredCheckpoint?, _ vectors: WordVectors?
    ) throws {
        if plan.isResumed {
            parallel.optimizer.resume(updates: plan.state.updates, averagingStart: plan.state.averaging?.start)
            try parallel.restore(from: checkpoint, world: world)
        } else {
            if world.isRoot {
                plan.configuration.parameterInitialization.fill(parallel.exchange.parameters, parallel.layout)
                if let vectors, let table = parallel.layout.entry(named: SequenceModel.embeddingName) {
                    vectors.copy(to: parallel.exchange.parameters + table.offset)
                }
            }
            try parallel.broadcastParameters()
            parallel.watchOverParameters()
        }
    }

    private func unknownCounts(_ texts: RunTexts, _ preparation: RunPreparation?) throws -> [TextRole: UnknownCount] {
        let counts = try world.agreeOnRoot {
            try preparation.map { run in try Watchdog.waitingForDisk { try texts.unknownCounts(run.vocabulary) } }
        }
        return (counts ?? nil) ?? [:]
    }

    /// The report. What it and the log hold, because a reader pauses or a disk is full, is written also if the job ends with an error.
    private func makeReport(_ plan: RunPlan, log: MetricsLog?, _ texts: RunTexts) -> TrainingReport {
        let report = TrainingReport(
            plan: plan, log: log, windowCount: texts.train.windowCount, validWindowCount: texts.valid?.windowCount ?? 0)
        world.beforeEnd = { [progress = report.progress] in
            log?.tryBeforeEnd()
            progress.finish()
        }
        return report
    }

    private func makeSetup(
        _ plan: RunPlan, parallel: ParallelModel, texts: RunTexts, preparation: RunPreparation?
    ) throws -> RunSetup {
        let log = try world.agreeOnRoot {
            try Watchdog.waitingForDisk { try preparation?.openLog() }
        }
        let report = makeReport(plan, log: log ?? nil, texts)
        let test = texts.test.map {
            TestScoring(world: world, parallel: parallel, text: $0, plan)
        }
        let sampling = preparation.flatMap { preparation in
            plan.configuration.sampleEvery == 0
                ? nil
                : TextSampling(
                    parallel: parallel, vocabulary: preparation.vocabulary, runFolder: plan.runFolder, plan.configuration)
        }
        let keeper = CheckpointKeeper(
            world: world, collector: try CheckpointCollector(world: world, parallel: parallel, preparation: preparation),
            folder: preparation?.checkpoints ?? CheckpointFolder(runFolder: plan.runFolder),
            plan: plan, own: preparation?.ownCheckpoints ?? OwnGenerations())
        let memory = try TrainingMemory(
            world: world, parallel: parallel, others: (test?.byteCount ?? 0) + (sampling?.byteCount ?? 0))
        let unknown = try unknownCounts(texts, preparation)
        (notices + [world.notice].compactMap { $0 } + (preparation?.notices ?? [])).forEach { report.say("note: \($0)") }
        let description = RunDescription(
            version: version, builds: try world.builds(),
            identity: preparation?.identity, world: world, parallel: parallel, texts: texts,
            unknown: unknown, memory: memory, separatesLines: plan.configuration.separatesLines,
            coverage: preparation?.wordVectorCoverage, coresOfHosts: try world.coresOfHosts(),
            textDigests: preparation?.textDigests ?? [:])
        _ = try world.agreeOnRoot { try report.start(description, state: plan.state, digest: preparation?.resumedDigest) }
        let trainer = Trainer(
            world: world, configuration: plan.configuration, parallel: parallel, texts: texts, keeper: keeper,
            report: report, sampling: sampling, state: plan.state)
        trainer.whenReady = { try preparation?.establish() }
        return RunSetup(
            trainer: trainer, plan: plan, parallel: parallel, test: test, keeper: keeper, report: report,
            preparation: preparation)
    }
}

/// A run that is ready for its first step, from the view of one rank.
package struct RunSetup {
    package let trainer: Trainer
    let plan: RunPlan
    let parallel: ParallelModel
    /// Nil without a test text.
    let test: TestScoring?
    let keeper: CheckpointKeeper
    let report: TrainingReport
    /// On rank 0 only. It holds the lock of the run folder.
    let preparation: RunPreparation?

    /// The digest of the parameters as text.
    package var parametersDigest: String { parallel.parametersDigest.hexadecimal }
}
