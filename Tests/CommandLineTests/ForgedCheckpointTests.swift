import Checkpoints
import Foundation
import TestSupport
import Testing

/// Checkpoints with correct checksums and contents that no run writes.
@Suite("Forged checkpoints", .serialized)
struct ForgedCheckpointTests {
    private static let options = [
        "--hidden-size", "4", "--embedding-size", "4", "--batch-size", "4", "--bptt", "20", "--epochs", "2", "--layers", "1",
    ]
    private let texts: TrainingFolder
    private let whole: String
    private let steps: Int

    init() throws {
        texts = try TrainingFolder(options: Self.options, lines: 50, validLines: 10)
        let run = try ProgramRun.alone("rnntrain", texts.arguments(run: "run"), folder: texts.folder)
        try #require(run.status == 0, "\(run)")
        steps = try #require(texts.checkpointSteps(run: "run").last)
        whole = texts.path(texts.checkpoint(run: "run", step: steps))
    }

    /// Writes a copy of the run's last checkpoint with other texts and arrays, and correct checksums for them.
    @discardableResult
    private func forge(
        to path: String, texts change: (inout [String: String]) -> Void = { _ in },
        arrays alter: (String, inout [Float]) -> Void = { _, _ in }
    ) throws -> String {
        try CheckpointForgery.write(whole, to: path, texts: change, arrays: alter)
    }

    private func rnntrain(_ arguments: String...) throws -> ProgramRun {
        try ProgramRun.alone("rnntrain", arguments, environment: ["SWIFT_BACKTRACE": "enable=no"], folder: texts.folder)
    }

    private func expectRefusal(_ outcome: ProgramRun, _ reason: String, location: SourceLocation = #_sourceLocation) {
        #expect(outcome.status == 65, "\(outcome)", sourceLocation: location)
        let errors = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("rnntrain: error: ") }
        #expect(errors.count == 1 && errors[0].contains(reason), "\(reason): \(outcome)", sourceLocation: location)
    }

    /// Changes in the text of the state, and the expected messages.
    private static var states: [(from: Regex<Substring>, to: String, says: String)] {
        [
            (/"step":[0-9]+/, #""step":9223372036854775807"#, "its state has step 9223372036854775807; possible are 0 to "),
            (/"epoch":[0-9]+/, #""epoch":9223372036854775807"#, "its state has epoch 9223372036854775807; possible are 1 to "),
            (/"epoch":[0-9]+/, #""epoch":2"#, "at window 0 of epoch 2, but an epoch has "),
            (/"window":[0-9]+/, #""window":1"#, "its state is after "),
            (
                /"tokens":[0-9]+,"updates"/, #""tokens":9007199254740990,"updates""#,
                "its state has 9007199254740990 tokens after "
            ),
            (/"updates":[0-9]+/, #""updates":100000"#, "its state has 100000 updates after "),
            (/"bestLoss":[^,}]+/, #""bestLoss":-1e300"#, "its state has bestLoss -1e+300"),
            (/"lastLoss":[^,}]+/, #""lastLoss":-5"#, "its state has lastLoss -5.0"),
            (
                /"plateaus":[0-9]+/, #""plateaus":4611686018427387904"#,
                "its state has plateaus 4611686018427387904; possible are 0 to "
            ),
            (/"bestStep":[0-9]+/, #""bestStep":4000"#, "its state has bestStep 4000 after "),
            (/"skippedInARow":0/, #""rateScale":0,"skippedInARow":0"#, "its state has rateScale 0.0; it must be above 0"),
            (/"skippedInARow":0/, #""rateScale":-2,"skippedInARow":0"#, "its state has rateScale -2.0; it must be above 0"),
        ]
    }

    @Test("verify refuses an invalid state, and reports the value")
    func states() throws {
        let path = texts.path(texts.checkpoint(run: "run", step: steps))
        let kept = try Data(contentsOf: URL(fileURLWithPath: path))
        for (from, to, says) in Self.states {
            try kept.write(to: URL(fileURLWithPath: path))
            try forge(
                to: path,
                texts: { texts in
                    let state = texts["state"] ?? ""
                    #expect(state.firstMatch(of: from) != nil, "\(state)")
                    texts["state"] = state.replacing(from, with: to, maxReplacements: 1)
                })
            expectRefusal(try rnntrain("verify", texts.path("run")), says)
        }
    }

    @Test(
        "Each command refuses a number that training never writes, and names it",
        arguments: [
            ("decoder.bias", 3, Float.nan, "element 3 of 'decoder.bias' is nan"),
            (
                "optimizer.first_moment.encoder.weight", 5, Float.infinity,
                "element 5 of 'optimizer.first_moment.encoder.weight' is inf"
            ),
            (
                "optimizer.second_moment.rnn.weight_hh_l0", 0, -1e-3,
                "element 0 of 'optimizer.second_moment.rnn.weight_hh_l0' is -0.001"
            ),
            ("state.h_l0", 2, -Float.infinity, "element 2 of 'state.h_l0' is -inf"),
        ])
    func values(array: String, index: Int, value: Float, says: String) throws {
        let path = try forge(to: whole, arrays: { name, values in if name == array { values[index] = value } })
        expectRefusal(try rnntrain("verify", path), says)
        expectRefusal(try rnntrain("evaluate", "--checkpoint", path, "--data", "test.txt"), says)
        expectRefusal(try rnntrain("generate", "--checkpoint", path, "--length", "3"), says)
        try expectPassedOver(says)
    }

    /// Expects that the run resumes from the previous checkpoint.
    private func expectPassedOver(_ reason: String, location: SourceLocation = #_sourceLocation) throws {
        for more in [["--dry-run"], []] {
            let arguments = ["--run", texts.path("run"), "--resume", "--epochs", "3"] + more
            let outcome = try ProgramRun.alone("rnntrain", arguments, folder: texts.folder)
            #expect(outcome.status == 0, "\(outcome)", sourceLocation: location)
            let notice = (outcome.output + outcome.errors).split(separator: "\n").first { $0.contains("skipped: \(whole)") }
            #expect(notice?.contains(reason) == true, "\(outcome)", sourceLocation: location)
        }
    }

    @Test("A resume skips a checkpoint at a window that the text does not have")
    func window() throws {
        try forge(
            to: whole,
            texts: { texts in
                let state = texts["state"] ?? ""
                texts["state"] = state.replacing(/"epoch":[0-9]+/, with: #""epoch":1"#)
                    .replacing(/"window":[0-9]+/, with: #""window":\#(steps)"#)
            })
        let says = "its state is at window \(steps) of an epoch, counted from 0, but the training text has \(steps / 2)"
        try expectPassedOver(says)
    }

    @Test("A vocabulary of another unit, with a duplicate symbol, or without <eos> is refused")
    func vocabularies() throws {
        let other = texts.path("other.safetensors")
        let cases: [(Regex<Substring>, String, String)] = [
            (/"unit":"word"/, #""unit":"byte""#, "the symbols are not the bytes"),
            (/"<eos>"/, #""eos""#, "<eos> is missing"), (/"w1"/, #""w2""#, "duplicate symbol"),
        ]
        for (from, to, says) in cases {
            try forge(
                to: other,
                texts: { texts in
                    #expect(texts["vocabulary"]?.firstMatch(of: from) != nil)
                    texts["vocabulary"]?.replace(from, with: to, maxReplacements: 1)
                })
            expectRefusal(try rnntrain("verify", other), says)
        }
        try forge(
            to: other,
            texts: { texts in
                texts["configuration"]?.replace(/"tokens":"word"/, with: #""tokens":"char""#)
            })
        expectRefusal(
            try rnntrain("evaluate", "--checkpoint", other, "--data", "test.txt"),
            "its vocabulary has the unit word, but its configuration has char")
    }
}
