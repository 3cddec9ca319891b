import Foundation

/// The statistics of a soak test.
struct SoakTally {
    /// The activity of a job when it was killed.
    enum Phase: String, CaseIterable {
        case launch = "launching"
        case preparation = "before its first step"
        case steps = "between steps"
        case checkpoint = "writing a checkpoint"
        case end = "ending"
    }

    private(set) var kills = 0
    private var ofMpirun = 0
    private var phases: [Phase: Int] = [:]
    private var lost: [Int] = []
    /// How often mpirun itself did not end after all ranks had ended.
    var hungLaunchers = 0
    /// The number of runs that ended normally.
    var runs = 0
    var digest = ""
    var seconds = 0.0

    mutating func note(_ phase: Phase, mpirun: Bool) {
        kills += 1
        phases[phase, default: 0] += 1
        if mpirun { ofMpirun += 1 }
    }

    /// Whether a resumed job logged the step at which it resumed.
    var hasResumed: Bool { !lost.isEmpty }

    /// The number of steps that resumed jobs repeated.
    mutating func note(lost steps: Int) { lost.append(steps) }

    func progress(of all: Int, since start: Date) -> String {
        "soak: \(kills) of \(all) kills, \(runs) runs ended as they must, \(Int(Date().timeIntervalSince(start))) s"
    }

    var summary: String {
        let moments = Phase.allCases.map { "\(phases[$0] ?? 0) \($0.rawValue)" }.joined(separator: ", ")
        let beyond = lost.map { $0 - Soak.interval }.filter { $0 > 0 }
        return """
            soak: PASSED: \(kills) kills (\(kills - ofMpirun) of a rank, \(ofMpirun) of mpirun) in \(runs) runs, \(Int(seconds)) s
              killed    \(moments)
              resumed   \(lost.count) times, with 1 to 8 ranks
              again     \(lost.reduce(0, +) / max(lost.count, 1)) steps on average, \(lost.max() ?? 0) at most, with \(Soak.interval) between checkpoints: \
            \(beyond.count) times more than those, as a checkpoint was still being written
              launcher  hung \(hungLaunchers) times with no rank left, and was ended
              digest    \(digest), as of the run that was left alone, all \(runs) times
            """
    }
}
