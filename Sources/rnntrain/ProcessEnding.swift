import ArgumentParser
import Communication
import Failures
import Files
import Foundation

/// The message and the exit status of a process whose command throws: an error, or a request for help or version.
struct ProcessEnding {
    private let text: String
    private let status: Int32
    private let speakers: Speakers
    /// Whether all ranks have the error.
    private let isOnAllRanks: Bool
    /// Whether MPI failed, so that it cannot pass the error to other ranks.
    private let isOfMPI: Bool

    /// How long other ranks wait for rank 0 to print, in seconds.
    ///
    /// A launcher ends all ranks as soon as one rank exits with a fault, so rank 0 must exit first.
    private static let patience: UInt32 = 2

    init(_ error: any Error, speakers: Speakers) {
        self.speakers = speakers
        isOnAllRanks = error is RemoteFailure
        isOfMPI = error is CommunicationError
        if let failure = error as? any UserFacingError {
            text = "rnntrain: error: \(message: failure)"
            status = failure.exitStatus.rawValue
        } else if RootCommand.exitCode(for: error).isSuccess {
            text = HelpExamples.appended(to: RootCommand.fullMessage(for: error))
            status = ExitStatus.done.rawValue
        } else {
            let message = CommandLineMessage.line(RootCommand.message(for: error), CommandLineArguments.shown)
            text = "rnntrain: error: " + Self.shortened(message)
            status = Self.status(error)
        }
    }

    /// Prints the message, and returns the exit status.
    ///
    /// Every process prints help and version, and errors of commands that start no MPI. Rank 0 alone prints other errors. If only another
    /// rank has the error, that rank sends it to rank 0.
    func end() -> Int32 {
        if status == ExitStatus.done.rawValue { return printResult() }
        if speakers == .everyProcess || ProcessRank.speaks {
            if !text.isEmpty { StandardError.printLast(text) }
        } else {
            // The launcher ends this rank by a signal as soon as rank 0 has the error, too.
            if !isOnAllRanks { StopSignals.release() }
            sleep(Self.patience)
            if !isOnAllRanks { sendToRankZero() }
        }
        return status
    }

    /// Sends the error to rank 0, which still waits for this rank. Only this rank has the error; for example, a file is missing
    /// on its node.
    ///
    /// Launchers other than mpirun may leave ranks running after rank 0 has ended. Under these launchers each rank prints its own
    /// error, except errors of the command line, which are the same on all ranks.
    private func sendToRankZero() {
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
        StandardError.fail("rank \(ProcessRank.current) (\(World.localHostName)): \(failure)")
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

    /// The parser's message, in which it quotes arguments, with long arguments shortened and control characters escaped.
    private static func shortened(_ message: String) -> String {
        let texts = CommandLineArguments.shown.flatMap { argument in
            [argument] + argument.unicodeScalars.split(separator: "=", maxSplits: 1).map { String($0) }
        }
        return texts.reduce(message) { message, text in
            let shown = Quotation.of(text, longest: text.utf8.count > Quotation.longest ? 60 : Quotation.longest)
            return shown == text ? message : message.replacing(text, with: shown)
        }
    }

    /// The parser's status. An error of unknown type is an internal fault.
    private static func status(_ error: any Error) -> Int32 {
        let code = RootCommand.exitCode(for: error)
        return code == .failure ? ExitStatus.fault.rawValue : code.rawValue
    }
}

/// The error of one rank before MPI starts.
private struct LoneFailure: UserFacingError {
    let description: String
    let exitStatus: ExitStatus
}
