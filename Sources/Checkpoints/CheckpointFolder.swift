public import Files
import Foundation

/// One of a run's checkpoints, known by the step after which it was taken.
public struct CheckpointGeneration: Sendable, Hashable {
    /// Steps done when it was taken.
    public let step: Int
    /// The file.
    public let path: String
}

/// A checkpoint that verified, and those newer ones that did not.
public struct NewestCheckpoint: Sendable {
    /// The generation that was taken.
    public let generation: CheckpointGeneration
    /// Its file, open and verified.
    public let reader: SafetensorsReader
    /// Newer generations that did not verify, newest first; to be told to the user.
    public let passedOver: [PassedOverCheckpoint]
}

/// The checkpoints of a run: `checkpoints/step-00001200.safetensors` and `best.safetensors`.
///
/// One job at a time writes here: the one that holds the run's `RunLock`.
public struct CheckpointFolder: Sendable {
    private static let folderName = "checkpoints"
    private static let bestName = "best.safetensors"
    private static let prefix = "step-"
    private static let suffix = ".safetensors"
    private static let digitCount = 8
    /// So many generations stay, whatever `prune` is asked for.
    public static let leastKept = 2

    /// The folder of the generations.
    public let path: String
    /// The best parameters on validation.
    public let bestPath: String

    private let runFolder: String
    /// The run folder as its lock's holder has it open; nil for one that is opened anew with each call that writes.
    private let held: HeldFolder?
    private let calls: FileSystemCalls

    /// The checkpoints of the run in this folder, which need not exist yet.
    public init(runFolder: String) { self.init(runFolder: runFolder, through: .system) }

    /// The same through other system calls.
    package init(runFolder: String, through calls: FileSystemCalls) {
        self.init(runFolder: runFolder, held: nil, through: calls)
    }

    /// The checkpoints of the run whose lock this is: nothing is written once its folder or lock is gone.
    public init(lockedBy lock: RunLock) {
        self.init(runFolder: lock.folder.path, held: lock.folder, through: lock.folder.calls)
    }

    private init(runFolder: String, held: HeldFolder?, through calls: FileSystemCalls) {
        self.runFolder = runFolder
        self.held = held
        self.calls = calls
        path = joinPath(runFolder, Self.folderName)
        bestPath = joinPath(runFolder, Self.bestName)
    }

    /// The file of the generation of a step; at least eight digits.
    public func path(forStep step: Int) -> String { joinPath(path, Self.name(forStep: step)) }

    private static func name(forStep step: Int) -> String {
        precondition(step >= 0, "a checkpoint was asked for after \(step) steps")
        let digits = String(step)
        let zeros = String(repeating: "0", count: max(0, digitCount - digits.count))
        return "\(prefix)\(zeros)\(digits)\(suffix)"
    }

    /// Writes the generation of a step; the folder is made if it is missing. Throws as `DurableFile`.
    @discardableResult
    public func write(_ checkpoint: Checkpoint, step: Int) throws(FileError) -> CheckpointGeneration {
        let place = try openRunFolder().madeFolder(Self.folderName).place(Self.name(forStep: step))
        try SafetensorsWriter.write(checkpoint, to: place)
        return CheckpointGeneration(step: step, path: path(forStep: step))
    }

    /// Replaces `best.safetensors`. Throws as `DurableFile`.
    public func writeBest(_ checkpoint: Checkpoint) throws(FileError) {
        try SafetensorsWriter.write(checkpoint, to: bestPlace())
    }

    /// Where `best.safetensors` is written; the run folder is made if it is missing and none is held. Throws `.failed`.
    package func bestPlace() throws(FileError) -> FilePlace { try openRunFolder().place(Self.bestName) }

    /// Throws if the folder or lock of the run is no longer that of the job that holds it. Throws as `HeldFolder.requireUnchanged`.
    public func requireUnchanged() throws(FileError) { try held?.requireUnchanged() }

    /// All generations by their names, newest first, unverified. None if there is no folder.
    public func generations() throws(FileError) -> [CheckpointGeneration] {
        try requireUnchanged()
        let names = try namesInFolder(path) ?? []
        return names.compactMap(generation).sorted { $0.step > $1.step }
    }

    /// Opens the newest generation that verifies.
    ///
    /// Throws `.noneWritten`, `.noneValid` with every reason, or `.unlistable`.
    public func newestValid() throws(CheckpointError) -> NewestCheckpoint {
        let generations = try listed()
        guard !generations.isEmpty else { throw .noneWritten(folder: path) }
        var passedOver: [PassedOverCheckpoint] = []
        for generation in generations {
            do throws(CheckpointError) {
                return NewestCheckpoint(generation: generation, reader: try verified(generation), passedOver: passedOver)
            } catch {
                passedOver.append(PassedOverCheckpoint(generation: generation, reason: error))
            }
        }
        throw .noneValid(folder: path, passedOver: passedOver)
    }

    /// Opens a generation's file, which must verify and be of the step that its name says: a copy under another name would hide all that is newer.
    func verified(_ generation: CheckpointGeneration) throws(CheckpointError) -> SafetensorsReader {
        let reader = try SafetensorsReader(path: generation.path)
        if let step = reader.notedStep, step != generation.step {
            throw .damaged(path: generation.path, .otherStep(found: step, named: generation.step))
        }
        return reader
    }

    /// Removes old generations and returns them, oldest first.
    ///
    /// The `count` newest stay, and never fewer than two; if none of these verifies, the newest that does stays as well.
    /// Cost: one pass over the newest file, more only where files are damaged.
    @discardableResult
    public func prune(keeping count: Int) throws(FileError) -> [CheckpointGeneration] {
        let generations = try generations()
        let old = generations.dropFirst(max(count, Self.leastKept))
        guard !old.isEmpty else { return [] }
        let newestValid = generations.first { (try? verified($0)) != nil }
        let removed = old.reversed().filter { $0 != newestValid }
        for generation in removed { try remove(generation) }
        return removed
    }

    /// Removes the generations of `step` and later ones, of which nothing good came; none if there is no older one that verifies.
    public func removeGenerations(from step: Int) throws(FileError) {
        let generations = try generations()
        guard generations.contains(where: { $0.step < step && (try? verified($0)) != nil }) else { return }
        for generation in generations where generation.step >= step { try remove(generation) }
    }

    /// Removes what interrupted writes left behind, here and in the run folder, and returns the paths.
    ///
    /// Only for the holder of the run's lock: another job's write in progress would be removed, too.
    @discardableResult
    public func removeStaleTemporaries() throws(FileError) -> [String] {
        let run = try openRunFolder()
        var removed = try DurableFile.removeTemporaries(in: run) { $0 == Self.bestName }
        if let folder = try run.folder(Self.folderName) {
            removed += try DurableFile.removeTemporaries(in: folder) { Self.step(ofName: $0) != nil }
        }
        return removed
    }

    /// Removes one generation's file. Throws as `HeldFolder.removeFile`.
    func remove(_ generation: CheckpointGeneration) throws(FileError) {
        try openRunFolder().folder(Self.folderName)?.removeFile(Self.name(forStep: generation.step))
    }

    /// The run folder; made if it is missing and none is held.
    private func openRunFolder() throws(FileError) -> HeldFolder {
        if let held { return held }
        try makeFolders(runFolder, through: calls)
        return try FilePlace(path: path, through: calls).folder
    }

    private func listed() throws(CheckpointError) -> [CheckpointGeneration] {
        do throws(FileError) {
            return try generations()
        } catch {
            throw .unlistable(error)
        }
    }

    /// The generation of a file's name; nil if the name is not exactly the one that its step gives.
    private func generation(named name: String) -> CheckpointGeneration? {
        Self.step(ofName: name).map { CheckpointGeneration(step: $0, path: joinPath(path, name)) }
    }

    /// The step of a generation's name; nil if the name is not exactly the one that its step gives.
    static func step(ofName name: String) -> Int? {
        guard name.hasPrefix(prefix), name.hasSuffix(suffix) else { return nil }
        guard let step = Int(name.dropFirst(prefix.count).dropLast(suffix.count)), step >= 0 else { return nil }
        return name == self.name(forStep: step) ? step : nil
    }
}

extension SafetensorsReader {
    /// The step in the text of a run's state; nil for a file that has none.
    fileprivate var notedStep: Int? {
        struct State: Decodable { var step: Int }
        return metadata["state"].flatMap { try? JSONDecoder().decode(State.self, from: Data($0.utf8)) }?.step
    }
}
