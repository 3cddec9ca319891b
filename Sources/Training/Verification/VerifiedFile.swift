public import Failures
import Files
import Foundation

/// One file that was checked: what it holds, and what is wrong with it.
public struct VerifiedFile: Encodable, Sendable, Equatable {
    /// What a file is for.
    public enum Kind: String, Encodable, Sendable {
        case configuration, vocabulary, tokens, metrics, checkpoint, best, lock, temporary
    }

    public let kind: Kind
    public let path: String
    /// What is wrong, and where; nil if the file is sound.
    public private(set) var problem: String?
    /// What it holds, in a line.
    public internal(set) var contents = ""
    /// What is to be known besides, and is no damage.
    public internal(set) var notes: [String] = []
    /// What a checkpoint holds.
    public internal(set) var checkpoint: CheckpointSummary?
    /// The job that holds a lock.
    public internal(set) var holder: String?
    /// What the program would end with if this were all that is wrong.
    private(set) var exitStatus = ExitStatus.done
    /// Whether the file is wrong because it is not there.
    private(set) var isMissing = false

    private enum CodingKeys: String, CodingKey {
        case kind, path, problem, contents, notes, checkpoint, holder
    }

    init(_ kind: Kind, _ path: String) {
        self.kind = kind
        self.path = path
    }

    /// Notes what is wrong; the first stays.
    mutating func fail(_ problem: String, _ status: ExitStatus = .badData) {
        guard self.problem == nil else { return }
        self.problem = problem
        exitStatus = status
        isMissing = status == .inputMissing && !pathExists(path)
    }

    /// Runs a check, and notes what it throws.
    mutating func check(_ body: (inout VerifiedFile) throws -> Void) {
        do {
            try body(&self)
        } catch {
            let status = (error as? any UserFacingError)?.exitStatus ?? .badData
            fail("\(error)", status == .usage ? .badData : status)
        }
    }
}

/// What was found at a path: a checkpoint, or a run's folder with all that is in it.
public struct Verification: Sendable, Equatable {
    /// As it was named.
    public let path: String
    /// Everything that was checked; in a run's folder the newest checkpoint first of its kind.
    public let files: [VerifiedFile]

    /// Whether nothing is wrong.
    public var isSound: Bool { files.allSatisfy { $0.problem == nil } }

    /// The error that says what is wrong; nil where nothing is.
    public var failure: VerificationError? {
        let bad = files.filter { $0.problem != nil }
        guard let first = bad.first else { return nil }
        // In a run's folder a file that is missing is damage, too; one that may not be read is not.
        let isDamage = bad.contains { $0.exitStatus == .badData || ($0.isMissing && files.count > 1) }
        return VerificationError(
            path: path, badCount: bad.count, count: files.count, first: first.problem ?? "",
            exitStatus: isDamage ? .badData : first.exitStatus)
    }

    /// One object with the keys in alphabetical order.
    public func jsonText() throws -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(Report(path: path, sound: isSound, files: files)), as: UTF8.self)
    }

    private struct Report: Encodable {
        let path: String
        let sound: Bool
        let files: [VerifiedFile]
    }

    /// For people: a line a file, its problem or its notes below.
    public var lines: [String] {
        let checkpoint = files.lazy.compactMap(\.checkpoint).first
        let model = checkpoint.map { ["model  \($0.model), vocabulary \($0.vocabularyDigest)"] } ?? []
        return model + fileLines
    }

    private var fileLines: [String] {
        files.flatMap { file in
            let verdict = file.problem == nil ? "" : "NOT VALID"
            let line = [file.kind.rawValue, file.path, file.contents, verdict].filter { !$0.isEmpty }.joined(separator: "  ")
            return [line] + (file.problem.map { ["  " + $0] } ?? []) + file.notes.map { "  " + $0 }
        }
    }
}

/// A checkpoint or a run folder that is not valid.
public struct VerificationError: UserFacingError, Equatable {
    let path: String
    let badCount: Int
    let count: Int
    let first: String
    public let exitStatus: ExitStatus

    public var description: String {
        count == 1 ? first : "\(path): \(badCount) of \(count) files are not valid. \(first)"
    }
}
