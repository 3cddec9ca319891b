public import Failures
public import Files
import Glibc

/// A checkpoint that cannot be read or does not have the requested content.
public enum CheckpointError: UserFacingError, Equatable {
    /// The file does not exist. Exit status 66.
    case missing(path: String)
    /// The system cannot read the file. Exit status 74; 66 without permission.
    case unreadable(path: String, operation: String, errorNumber: Int32)
    /// The name refers to a folder, a pipe or a device. Exit status 65.
    case notAFile(path: String)
    /// The file is damaged or is not a checkpoint. Exit status 65.
    case damaged(path: String, CheckpointDamage)
    /// The checkpoint has no array of this name. Exit status 65.
    case noSuchArray(path: String, name: String)
    /// The array has another element type or shape. Exit status 65.
    case otherArray(path: String, name: String, found: String, expected: String)
    /// There is no memory to read an array. The file may be valid. Exit status 70.
    case noMemory(path: String, MemoryError)
    /// The folder has checkpoints, but none passes verification. Exit status 65.
    case noneValid(folder: String, passedOver: [PassedOverCheckpoint])
    /// The folder has no checkpoint. Exit status 66.
    case noneWritten(folder: String)
    /// The folder cannot be listed. Exit status 74.
    case unlistable(FileError)

    public var exitStatus: ExitStatus {
        switch self {
        case .missing, .noneWritten: .inputMissing
        case .unreadable(_, _, let number): isForbidden(number) ? .inputMissing : .inputOutput
        case .unlistable(let error): error.exitStatus
        case .noneValid(_, let passedOver): Self.unreadable(passedOver)?.exitStatus ?? .badData
        case .notAFile, .damaged, .noSuchArray, .otherArray: .badData
        case .noMemory(_, let error): error.exitStatus
        }
    }

    /// The first generation that could not be read. Its file may be valid.
    private static func unreadable(_ passedOver: [PassedOverCheckpoint]) -> CheckpointError? {
        passedOver.lazy.compactMap { $0.reason as? CheckpointError }.first { if case .unreadable = $0 { true } else { false } }
    }

    public var description: String {
        if case .unlistable(let error) = self { error.description } else { "\(fault). \(advice)" }
    }

    /// What is wrong, and where; without a period.
    public var fault: String {
        switch self {
        case .missing(let path): "\(path): no such checkpoint"
        case .unreadable(let path, let operation, let number):
            "\(path): cannot \(operation) the checkpoint: \(systemText(number))"
        case .notAFile(let path): "\(path) is a folder, a pipe or a device, not a checkpoint file"
        case .damaged(let path, let damage): "\(path) is damaged or not a checkpoint: \(damage)"
        case .noSuchArray(let path, let name): "\(path) has no array \(quoted(name))"
        case .otherArray(let path, let name, let found, let expected):
            "\(path): \(quoted(name)) is \(found); expected \(expected)"
        case .noMemory(let path, let error): "\(path): \(error.fault)"
        case .noneValid(let folder, let passedOver):
            "\(folder): no valid checkpoint: \(passedOver.map(\.description).joined(separator: "; "))"
        case .noneWritten(let folder): "\(folder) has no checkpoint yet"
        case .unlistable(let error): error.description
        }
    }

    /// What to do.
    private var advice: String {
        switch self {
        case .missing: "Check the path."
        case .unreadable(_, _, let number):
            isForbidden(number) ? "Make it readable (chmod u+r)." : "Check the disk, or use an older checkpoint."
        case .notAFile: "Name a checkpoint file."
        case .damaged(_, let damage): (damage.format?.advice ?? "Use another checkpoint") + "."
        case .noSuchArray: "Use a checkpoint of the same kind of model."
        case .otherArray: "Use a checkpoint of the same model size."
        case .noMemory: MemoryError.advice
        case .noneValid(_, let passedOver):
            Self.unreadable(passedOver) == nil
                ? "Restore one of them; or remove them: --resume then starts at the first step, if config.toml is left."
                : "Make the checkpoints readable."
        case .noneWritten: "Start the run again, without --resume."
        case .unlistable: ""
        }
    }
}

extension CheckpointError {
    /// Whether the file could not be read for lack of memory.
    var isLackOfMemory: Bool { if case .noMemory = self { true } else { false } }

    /// Converts an error of opening or reading a checkpoint's file.
    init(_ error: FileError) {
        switch error {
        case .missing(let path): self = .missing(path: path)
        case .folder(let path), .notRegular(let path): self = .notAFile(path: path)
        case .unreadable(let path, let operation, let number):
            self = .unreadable(path: path, operation: operation.rawValue, errorNumber: number)
        case .notRead(let path, let byteOffset, let number):
            self = .unreadable(path: path, operation: "read byte \(byteOffset) of", errorNumber: number)
        case .shortened(let path, let byteCount, let expected), .tooLarge(let path, let byteCount, let expected):
            self = .damaged(path: path, .tooShort(byteCount: byteCount, needed: UInt64(expected)))
        case .notCommitted, .durabilityUncertain, .folderGone, .pinnedFileGone, .inTheWay, .hasOtherNames, .failed:
            self = .unlistable(error)
        }
    }
}

/// Runs `body`, which reads the checkpoint, and converts its errors.
func asCheckpointError<Result>(_ body: () throws(FileError) -> Result) throws(CheckpointError) -> Result {
    do throws(FileError) {
        return try body()
    } catch {
        throw CheckpointError(error)
    }
}

/// A generation that the loader rejected, and the reason.
public struct PassedOverCheckpoint: Sendable, Equatable, CustomStringConvertible {
    /// The rejected generation.
    public let generation: CheckpointGeneration
    /// The reason. It contains the path.
    public let reason: any Error

    public init(generation: CheckpointGeneration, reason: any Error) { (self.generation, self.reason) = (generation, reason) }

    public var description: String { (reason as? any UserFacingError)?.fault ?? "\(reason)" }

    public static func == (a: PassedOverCheckpoint, b: PassedOverCheckpoint) -> Bool {
        a.generation == b.generation && a.description == b.description
    }
}

private func isForbidden(_ errorNumber: Int32) -> Bool { errorNumber == EACCES || errorNumber == EPERM }
