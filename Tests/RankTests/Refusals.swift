import TestSupport
import Testing

extension TrainingFolder {
    /// Expects that a program ends with a status and one message, from one rank, that contains all parts; and that no rank remains.
    @discardableResult
    func expectRefusal(
        _ program: RunningProgram, run: String, status: Int32, says parts: [String], location: SourceLocation = #_sourceLocation
    ) throws -> ProgramRun {
        let outcome = try program.end(timeLimit: 30)
        #expect(outcome.status == status && !outcome.timedOut, "\(outcome)", sourceLocation: location)
        let messages = outcome.errors.split(separator: "\n").filter { $0.contains("rnntrain: error: ") }
        #expect(messages.count == 1, "\(outcome)", sourceLocation: location)
        for part in parts {
            #expect(messages.first?.contains(part) == true, "\(part) is not in \(outcome)", sourceLocation: location)
            #expect(
                outcome.errors.components(separatedBy: part).count == 2, "\(part) comes twice: \(outcome)",
                sourceLocation: location)
        }
        #expect(hasNoRank(run: run), "ranks are left", sourceLocation: location)
        return outcome
    }
}
