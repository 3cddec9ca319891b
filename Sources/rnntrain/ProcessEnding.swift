import ArgumentParser
import Failures
import Foundation

/// What a process says and returns when its command does not simply return: a fault, or help and version asked for.
struct ProcessEnding {
    private let text: String
    private let status: Int32

    /// How long the ranks other than 0 wait for rank 0 to print, in seconds.
    ///
    /// A launcher ends all ranks when one exits with a fault, at once: rank 0 must be that one.
    private static let patience: UInt32 = 5

    init(_ error: any Error) {
        if let failure = error as? any UserFacingError {
            text = "rnntrain: error: \(failure)"
            status = failure.exitStatus.rawValue
        } else {
            text = Self.named(RootCommand.fullMessage(for: error))
            status = Self.status(error)
        }
    }

    /// Rank 0 prints, the others are silent; all are to exit with the status that is returned.
    func end() -> Int32 {
        if ProcessRank.speaks {
            say()
        } else if status != ExitStatus.done.rawValue {
            sleep(Self.patience)
        }
        return status
    }

    private func say() {
        guard !text.isEmpty else { return }
        let stream = status == ExitStatus.done.rawValue ? FileHandle.standardOutput : .standardError
        try? stream.write(contentsOf: Data((text + "\n").utf8))
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
