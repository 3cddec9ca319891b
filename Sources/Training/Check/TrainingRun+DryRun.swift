import Communication
public import Configuration
import Failures
import Files
import Tensors

extension TrainingRun {
    /// Prints the needs of the run, and whether the machine satisfies them. Writes no file. Collective.
    ///
    /// Throws a `RemoteFailure` on all ranks for insufficient resources, after printing, and for errors in texts and options.
    public func dryRun(_ configuration: TrainingConfiguration, resume: Bool) throws {
        Processor.flushDenormals()
        try requireSameOptions(configuration)
        let survey = try HostSurvey(world: world)
        let tokenizer = DistributedTokenizer(world: world)
        let preparation = try world.agreeOnRoot(with: tokenizer) {
            try RunCheck.requireProcessLimits(configuration, survey)
            return try DryRunPreparation(
                configuration, resume: resume, rankCount: world.rankCount, survey: survey, tokenizer: tokenizer)
        }
        let calibration = try calibrate(preparation ?? nil)
        _ = try world.agreeOnRoot {
            guard let preparation = preparation ?? nil else { return }
            let report = DryRunReport(preparation, calibration: calibration, version: version, notices: notices)
            try StandardOutput.printResult(report.lines.map { Quotation.inFull($0) }.joined(separator: "\n"))
            report.warnings.forEach(StandardError.warn)
            try preparation.check.requireAll()
        }
    }

    /// Runs some steps on all ranks; nil if there is too little memory for them.
    private func calibrate(_ preparation: DryRunPreparation?) throws -> Calibration? {
        let fits = try world.broadcast(preparation?.check.memoryFits == true ? 1 : 0) == 1
        guard fits else { return nil }
        let plan = try RunPlan(jsonText: try world.broadcast(try preparation?.plan.jsonText() ?? ""))
        let sample = try world.broadcast(preparation?.sample ?? [])
        let parallel = try ParallelModel(
            world: world, plan.configuration, vocabularySize: plan.vocabularySize, tokenCounts: plan.tokenCounts)
        return try Calibration(parallel, plan, sample: sample, world: world)
    }
}
