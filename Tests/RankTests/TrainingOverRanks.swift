import Foundation
import TestSupport
import Testing

/// Tests of `rnntrain` under mpirun. They run one after another, because each uses all cores.
@Suite("Training with several ranks", .serialized)
enum TrainingOverRanks {}

/// Runs to a successful end, and returns the log, which must not contradict itself.
@discardableResult
func finished(
    _ program: RunningProgram, in texts: TrainingFolder, run: String, timeLimit: TimeInterval = 60,
    location: SourceLocation = #_sourceLocation
) throws -> RunLog {
    let outcome = try program.end(timeLimit: timeLimit)
    try #require(outcome.status == 0 && !outcome.timedOut, "\(outcome)", sourceLocation: location)
    let log = try RunLog(run: texts.path(run))
    #expect(log.contradictions == [], sourceLocation: location)
    return log
}

/// Expects that losses, norms and digests of two runs have equal bits.
func expectSame(_ log: RunLog, _ expected: RunLog, _ what: String, location: SourceLocation = #_sourceLocation) {
    #expect(log.finalDigest != nil && log.finalDigest == expected.finalDigest, "\(what)", sourceLocation: location)
    let different = expected.trace.keys.filter { log.trace[$0] != expected.trace[$0] }.sorted()
    let first = different.first.map { "\(log.trace[$0] ?? "nothing") instead of \(expected.trace[$0] ?? "nothing")" }
    #expect(different == [], "\(what): \(first ?? "")", sourceLocation: location)
}
