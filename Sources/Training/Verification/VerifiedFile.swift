public import Failures
import Files
import Foundation
import Runs

/// A checked file: its content and its fault.
public struct VerifiedFile: Encodable, Sendable, Equatable {
    /// The purpose of a file.
    public enum Kind: String, Encodable, Sendable {
        case configuration, vocabulary, tokenizer, tokens, metrics, checkpoint, best, stamps, lock, events, temporary
    }

    /// What the file is.
    public let kind: Kind
    public let path: String
    /// The fault and its location; nil if the file is valid.
    public private(set) var problem: String?
    /// The content, in one line.
    public internal(set) var contents = ""
    /// Notes that are not faults.
    public internal(set) var notes: [String] = []
    /// The summary of a checkpoint.
    public internal(set) var checkpoint: CheckpointSummary?
    /// The job that holds a lock.
    public internal(set) var holder: String?
    /// The exit status if this were the only fault.
    private(set) var exitStatus = ExitStatus.done
    /// Whether the fault is that the file does not exist.
    private(set) var isMissing = false

    /// Whether the file belongs to another run.
    private(set) var isForeign = false

    private enum CodingKeys: String, CodingKey {
        case kind, path, problem, contents, notes, checkpoint, holder
    }

    init(_ kind: Kind, _ path: String) {
        self.kind = kind
        self.path = path
    }

    /// Records a fault. The first fault is kept.
    mutating func fail(_ problem: String, _ status: ExitStatus = .badData) {
        guard self.problem == nil else { return }
        self.problem = problem
        exitStatus = status
        isMissing = status == .inputMissing && !pathExists(path)
    }

    /// Records that the file belongs to another run, with the reason.
    mutating func failAsForeign(_ error: StoredRunError) {
        isForeign = true
        fail("\(error)")
    }

    /// Records that the path refers to something of another kind, such as a link. This replaces faults of the content.
    mutating func require(_ kind: EntryKind) {
        do throws(FileError) {
            let place = try FilePlace(path: path)
            try place.folder.require(kind, orNothingAt: place.name)
        } catch {
            guard case .inTheWay = error else { return }  // a folder that is missing or unreadable: its files report it
            problem = "\(error)"
            exitStatus = error.exitStatus
            isMissing = false
        }
    }

    /// Records that a file that jobs write in place has a second hard link. No job accepts it.
    mutating func requireOneName() {
        do throws(FileError) {
            let place = try FilePlace(path: path)
            guard let status = try place.folder.status(of: place.name), status.kind == .file, status.linkCount > 1 else { return }
            throw FileError.hasOtherNames(path: path, count: status.linkCount)
        } catch {
            guard case .hasOtherNames = error else { return }  // a folder that is missing or unreadable: its files report it
            fail("\(error)", error.exitStatus)
        }
    }

    /// Runs a check, and records its error.
    mutating func check(_ body: (inout VerifiedFile) throws -> Void) {
        do {
            try body(&self)
        } catch {
            let status = (error as? any UserFacingError)?.exitStatus ?? .badData
            fail("\(error)", status == .usage ? .badData : status)
        }
    }
}

/// The result of checking a path: a checkpoint, or a run's folder with all its files.
public struct Verification: Sendable, Equatable {
    /// The path, as given.
    public let path: String
    /// All checked files. In a run's folder, the newest checkpoint is the first of its kind.
    public let files: [VerifiedFile]

    /// Whether there is no fault.
    public var isSound: Bool { files.allSatisfy { $0.problem == nil } }

    /// The error with the faults; nil if there are none.
    public var failure: VerificationError? {
        let bad = files.filter { $0.problem != nil }
        guard let first = bad.first else { return nil }
        // In a run's folder, a missing file is also damage. A file without read permission is not.
        let isDamage = bad.contains { $0.exitStatus == .badData || ($0.isMissing && files.count > 1) }
        return VerificationError(
            path: path, badCount: bad.count, count: files.count, first: first.problem ?? "",
            exitStatus: isDamage ? .badData : first.exitStatus)
    }

    /// One JSON object with the keys in alphabetical order.
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

    /// Readable lines: one for each file, followed by its fault or its notes. Control characters are escaped.
    public var lines: [String] {
        let checkpoint = files.lazy.compactMap(\.checkpoint).first
        let model = checkpoint.map { ["model  \($0.model), vocabulary \($0.vocabularyDigest)"] } ?? []
        return (model + fileLines).map { Quotation.inFull($0) }
    }

    private var fileLines: [String] {
        files.flatMap { file in
            let verdict = file.problem == nil ? "" : file.exitStatus == .fault ? "NOT CHECKED" : "NOT VALID"
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
        if count == 1 { return first }
        // A lack of memory is not a fault of the files.
        let finding = exitStatus == .fault ? "cannot be checked" : "are not valid"
        return "\(path): \(badCount) of \(count) files \(finding). \(first)"
    }
}
