import Checkpoints
import Configuration
import Runs
import TestSupport
import Testing
import TextData

@Suite("Two validations with exactly the same loss")
struct TiedBestModelTests {
    private let scratch: ScratchFolder
    private static let vocabulary = #"{"counts":[3,2,1],"symbols":["a","b","c"],"unit":"char"}"#
    private let model = BestModel(step: 50, loss: 0.25, parametersDigest: "00000000000000aa")

    init() throws { scratch = try ScratchFolder() }

    private static func validation(_ step: Int, best: Bool, _ digest: String) -> String {
        #"{"event":"validation","step":\#(step),"loss":0.25,"best":\#(best),"parameters_digest":"00000000000000\#(digest)"}"#
    }

    /// What is wrong with the model of step 50, if the newest checkpoint is from step 60 and has the same loss after step 40.
    private func contradiction(_ log: [String]) throws -> String? {
        try comparison(log, bestStep: 40).contradictionOfCheckpoint(model)
    }

    /// The comparison with a run whose newest checkpoint is from step 60 and has the loss 0.25 after `bestStep`.
    private func comparison(_ log: [String], bestStep: Int) throws -> BestComparison {
        try scratch.write(log.map { $0 + "\n" }.joined(), to: "metrics.jsonl")
        var state = TrainingState()
        state.step = 60
        (state.convergence.bestLoss, state.convergence.bestStep) = (0.25, bestStep)
        let run = BestComparison.Run(
            TrainingConfiguration(), identity: nil, vocabulary: try Vocabulary(jsonText: Self.vocabulary, source: "v"),
            textDigests: [:], state: state)
        return BestComparison(records: RunRecords(RunFolder(path: scratch.path)), run: run)
    }

    @Test("After a return to an earlier step, a step that only equals the best model leaves it in its file")
    func afterReturn() throws {
        let reason = try contradiction([
            #"{"event":"start","step":0}"#, Self.validation(50, best: true, "aa"), #"{"event":"resume","step":30}"#,
            Self.validation(40, best: false, "bb"), #"{"event":"checkpoint","step":60}"#,
        ])
        #expect(reason == nil, "\(reason ?? "")")
    }

    @Test("A model of an abandoned branch is abandoned, although the run has a validation of the same step and loss")
    func ofTwoBranches() throws {
        let log = [
            #"{"event":"start","step":0}"#, #"{"event":"checkpoint","step":30}"#, Self.validation(50, best: true, "aa"),
            #"{"event":"resume","step":30}"#, Self.validation(50, best: false, "bb"), #"{"event":"checkpoint","step":60}"#,
        ]
        let comparison = try comparison(log, bestStep: 50)
        #expect(comparison.isAbandoned(model) && comparison.isAbandoned(model, whenContinued: true))
        let own = BestModel(step: 50, loss: 0.25, parametersDigest: "00000000000000bb")
        #expect(!comparison.isAbandoned(own) && !comparison.isAbandoned(own, whenContinued: true))
    }

    @Test("The note about a better validation names that of the run, also if an abandoned one is better still")
    func betterValidation() throws {
        func best(_ loss: Double, _ digest: String) -> String {
            Self.validation(50, best: true, digest).replacing("0.25", with: "\(loss)")
        }
        let log = [
            #"{"event":"start","step":0}"#, #"{"event":"checkpoint","step":30}"#, best(0.125, "aa"),
            #"{"event":"resume","step":30}"#, best(0.1875, "bb"), #"{"event":"checkpoint","step":60}"#,
        ]
        let older = BestModel(step: 20, loss: 0.25, parametersDigest: "00000000000000cc")
        let notes = try comparison(log, bestStep: 20).notes(of: older)
        #expect(
            notes.contains { $0.contains("better validation, 0.1875 after step 50: the file is older than the log") }, "\(notes)")
    }

    @Test("Without a return, the later of two equal models is not the run's best one")
    func withoutReturn() throws {
        let reason = try contradiction([
            #"{"event":"start","step":0}"#, Self.validation(40, best: true, "bb"), Self.validation(50, best: false, "aa"),
            #"{"event":"checkpoint","step":60}"#,
        ])
        #expect(reason == "it is from step 50, but the best parameters were those of step 40")
    }
}
