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

    /// How long the ranks other than 0 wait for rank 0 to print, in seconds.
    ///
    /// A launcher ends all ranks when one exits with a fault, at once: rank 0 must be that one.
    private static let patience: UInt32 = 5

    init(_ error: any Error, speakers: Speakers) {
        self.speakers = speakers
        if let failure = error as? any UserFacingError {
            text = "rnntrain: error: \(failure)"
            status = failure.exitStatus.rawValue
        } else {
            text = Self.named(RootCommand.fullMessage(for: error))
            status = Self.status(error)
        }
    }

    /// Prints what there is to say, and returns the status to exit with.
    ///
    /// Help and version are printed by every process, and so is a fault of a command that starts no MPI; any other fault by rank 0 alone.
    func end() -> Int32 {
        if status == ExitStatus.done.rawValue { return printResult() }
        if speakers == .everyProcess || ProcessRank.speaks {
            if !text.isEmpty { StandardError.print(text) }
        } else {
            sleep(Self.patience)
        }
        return status
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

    /// The parser's status; errors of no known kind are faults of ours.
    private static func status(_ error: any Error) -> Int32 {
        let code = RootCommand.exitCode(for: error)
        return code == .failure ? ExitStatus.fault.rawValue : code.rawValue
    }
}
