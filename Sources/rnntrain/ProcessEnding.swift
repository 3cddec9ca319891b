import ArgumentParser
import Communication
import Failures
import Files
import Foundation

/// What a process says and returns when its command does not simply return: a fault, or help and version asked for.
struct ProcessEnding {
    private let text: String
    private let status: Int32
    private let speakers: Speakers
    /// Whether all ranks know of it.
    private let isTold: Bool
    /// Whether MPI is what failed, so that nobody can be told by it.
    private let isOfMPI: Bool

    /// How long the ranks other than 0 wait for rank 0 to print, in seconds.
    ///
    /// A launcher ends all ranks when one exits with a fault, at once: rank 0 must be that one.
    private static let patience: UInt32 = 2

    init(_ error: any Error, speakers: Speakers) {
        self.speakers = speakers
        isTold = error is RemoteFailure
        isOfMPI = error is CommunicationError
        if let failure = error as? any UserFacingError {
            text = "rnntrain: error: \(message: failure)"
            status = failure.exitStatus.rawValue
        } else {
            text = Self.shortened(Self.named(RootCommand.fullMessage(for: error)))
            status = Self.status(error)
        }
    }

    /// Prints what there is to say, and returns the status to exit with.
    ///
    /// Help and version are printed by every process, and so is a fault of a command that starts no MPI; any other fault by rank 0 alone.
    /// A fault that rank 0 has not met itself it learns from the rank that has.
    func end() -> Int32 {
        if status == ExitStatus.done.rawValue { return printResult() }
        if speakers == .everyProcess || ProcessRank.speaks {
            if !text.isEmpty { StandardError.print(text) }
        } else {
            sleep(Self.patience)
            if !isTold { tellRankZero() }
        }
        return status
    }

    /// Rank 0 has not ended the job: it waits for this rank, and says what this one has met, as a file that only this rank's node lacks.
    ///
    /// Launchers other than mpirun may leave ranks alone after rank 0 has ended: there each says what it has met, but for a wrong command
    /// line, which is the same for all.
    private func tellRankZero() {
        let label = "rnntrain: error: "
        let message = text.hasPrefix(label) ? String(text.dropFirst(label.count)) : text
        let failure = LoneFailure(description: message, exitStatus: ExitStatus(rawValue: status) ?? .fault)
        guard World.isStartedByMpirun, !isOfMPI else {
            if failure.exitStatus != .usage { say(failure) }
            return
        }
        do {
            try withWorld(stallLimit: 0, failure: failure) { _ in }
        } catch is RemoteFailure {
            sleep(Self.patience)
        } catch {
            say(failure)
        }
    }

    private func say(_ failure: LoneFailure) {
        StandardError.print("rnntrain: error: rank \(ProcessRank.current) (\(World.localHostName)): \(failure)")
    }

    private func printResult() -> Int32 {
        do throws(StandardOutputError) {
            if !text.isEmpty { try StandardOutput.printResult(text + "\n") }
            try StandardOutput.close()
            return status
        } catch {
            return ProcessEnding(error, speakers: .everyProcess).end()
        }
    }

    /// The parser's text, under this program's name.
    private static func named(_ message: String) -> String {
        let label = "Error: "
        return message.hasPrefix(label) ? "rnntrain: error: " + message.dropFirst(label.count) : message
    }

    /// The parser's text, in which it quotes arguments, with long ones shortened and control characters as escapes.
    private static func shortened(_ message: String) -> String {
        let texts = CommandLine.arguments.flatMap { [$0] + $0.split(separator: "=", maxSplits: 1).map(String.init) }
        return texts.reduce(message) { message, text in
            let shown = Quotation.of(text, longest: text.utf8.count > Quotation.longest ? 60 : Quotation.longest)
            return shown == text ? message : message.replacing(text, with: shown)
        }
    }

    /// The parser's status; errors of no known kind are faults of ours.
    private static func status(_ error: any Error) -> Int32 {
        let code = RootCommand.exitCode(for: error)
        return code == .failure ? ExitStatus.fault.rawValue : code.rawValue
    }
}

/// What one rank has met before MPI was started, in its words.
private struct LoneFailure: UserFacingError {
    let description: String
    let exitStatus: ExitStatus
}
