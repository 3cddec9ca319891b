public import Files
import Foundation

/// The checkpoints of a run: `checkpoints/step-00001200.safetensors` and `best.safetensors`.
///
/// Only one job at a time writes here: the holder of the run's `RunLock`.
public struct CheckpointFolder: Sendable {
    private static let folderName = "checkpoints"
    private static let bestName = "best.safetensors"
    private static let prefix = "step-"
    private static let suffix = ".safetensors"
    private static let digitCount = 8
    /// The minimum number of generations that `prune` keeps.
    public static let leastKept = 2

    /// The folder of the generations.
    public let path: String
    /// The path of the parameters with the best validation loss.
    public let bestPath: String

    private let runFolder: String
    /// The run folder, held open by the holder of its lock; nil if each write opens it.
    private let held: HeldFolder?
    private let calls: FileSystemCalls

    /// The checkpoints of the run in this folder, which need not exist.
    public init(runFolder: String) { self.init(runFolder: runFolder, through: .system) }

    /// The same, with other system calls.
    package init(runFolder: String, through calls: FileSystemCalls) {
        self.init(runFolder: runFolder, held: nil, through: calls)
    }

    /// The checkpoints of the run of this lock. Writes fail if the folder or the lock has been removed.
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

    /// The path of the generation of a step. The step has at least eight digits.
    public func path(forStep step: Int) -> String { joinPath(path, Self.name(forStep: step)) }

    private static func name(forStep step: Int) -> String {
        precondition(step >= 0, "a checkpoint was asked for after \(step) steps")
        let digits = String(step)
        let zeros = String(repeating: "0", count: max(0, digitCount - digits.count))
        return "\(prefix)\(zeros)\(digits)\(suffix)"
    }

    /// Writes the generation of a step. Creates the folder if it does not exist. Throws the errors of `DurableFile`.
    @discardableResult
    public func write(_ checkpoint: Checkpoint, step: Int) throws(FileError) -> CheckpointGeneration {
        let place = try openRunFolder().madeFolder(Self.folderName).place(Self.name(forStep: step))
        try SafetensorsWriter.write(checkpoint, to: place)
        return CheckpointGeneration(step: step, path: path(forStep: step))
    }

    /// Throws unless a file can be created in the folder of the generations, if this folder exists: the errors of `DurableFile`. A job that could
    /// not write would lose its steps at the first checkpoint.
    package func requireWritable() throws(FileError) {
        guard let folder = try openRunFolder().folder(Self.folderName) else { return }
        do throws(FileError) {
            _ = try DurableFile(at: folder.place(Self.name(forStep: 0)))
        } catch .notCommitted(_, _, let number) {
            throw .failed(path: path, operation: "create a file in it", errorNumber: number)
        }
    }

    /// Replaces `best.safetensors`. Throws the errors of `DurableFile`.
    public func writeBest(_ checkpoint: Checkpoint) throws(FileError) {
        try SafetensorsWriter.write(checkpoint, to: bestPlace())
    }

    /// Renames `best.safetensors` to `best-unused.safetensors`, or to `best-unused-2.safetensors` and so on, so that no best model replaces it.
    /// Returns its new path. Throws the errors of `HeldFolder.renameFile`.
    package func setBestAside() throws(FileError) -> String {
        try openRunFolder().setAside(Self.bestName, as: "best-unused", suffix: Self.suffix)
    }

    /// Renames a generation to `unused-step-00001200.safetensors`, or to `unused-step-00001200-2.safetensors` and so on, so that it is none of the run
    /// any more. Returns its new path. Throws the errors of `HeldFolder.renameFile`.
    package func setAside(_ generation: CheckpointGeneration) throws(FileError) -> String {
        let name = Self.name(forStep: generation.step)
        return try openRunFolder().madeFolder(Self.folderName)
            .setAside(name, as: "unused-" + name.dropLast(Self.suffix.count), suffix: Self.suffix)
    }

    /// The place of `best.safetensors`. Creates the run folder if it does not exist and is not held. Throws `.failed`.
    package func bestPlace() throws(FileError) -> FilePlace { try openRunFolder().place(Self.bestName) }

    /// Throws if the folder or the lock of the run has been removed or replaced: the errors of `HeldFolder.requireUnchanged`.
    public func requireUnchanged() throws(FileError) { try held?.requireUnchanged() }

    /// All generations by name, newest first, unverified; empty if the folder does not exist.
    public func generations() throws(FileError) -> [CheckpointGeneration] {
        try requireUnchanged()
        let names = try namesInFolder(path) ?? []
        return names.compactMap(generation).sorted { $0.step > $1.step }
    }

    /// The generations of a job; nil for all.
    func generations(of own: OwnGenerations?) throws(FileError) -> [CheckpointGeneration] {
        let all = try generations()
        return own.map { all.filter($0.contains) } ?? all
    }

    /// Reads the newest generation that passes verification and that `read` accepts. An error of `read` is the reason to pass a generation over.
    ///
    /// Throws `.noneWritten`, `.noneValid` with all reasons, `.unlistable` or `.noMemory`.
    public func newestValid<Contents>(
        of own: OwnGenerations? = nil, _ read: (SafetensorsReader) throws -> Contents
    ) throws(CheckpointError) -> NewestCheckpoint<Contents> {
        let generations = try listed(own)
        guard !generations.isEmpty else { throw .noneWritten(folder: path) }
        var passedOver: [PassedOverCheckpoint] = []
        for generation in generations {
            do {
                let contents = try read(try verified(generation, of: own))
                return NewestCheckpoint(generation: generation, contents: contents, passedOver: passedOver)
            } catch let error as CheckpointError where error.isLackOfMemory {
                // The file may be valid, so that an older one must not take its place.
                throw error
            } catch {
                passedOver.append(PassedOverCheckpoint(generation: generation, reason: error))
            }
        }
        throw .noneValid(folder: path, passedOver: passedOver)
    }

    /// Opens the newest generation that passes verification. Throws as the other method.
    package func newestValid() throws(CheckpointError) -> NewestCheckpoint<SafetensorsReader> { try newestValid { $0 } }

    /// Opens and verifies a generation's file, whose step must equal that in its name. A copy under a later name would hide all newer
    /// generations. A file of `own` must have the parameters that the job knows.
    func verified(_ generation: CheckpointGeneration, of own: OwnGenerations?) throws(CheckpointError) -> SafetensorsReader {
        let reader = try SafetensorsReader(path: generation.path)
        if let step = reader.notedStep, step != generation.step {
            throw .damaged(path: generation.path, .otherStep(found: step, named: generation.step))
        }
        if let damage = own?.otherParameters(reader.metadata[SafetensorsReader.digestKey], step: generation.step) {
            throw .damaged(path: generation.path, damage)
        }
        return reader
    }

    /// Removes old generations, and returns them, oldest first.
    ///
    /// Keeps the `count` newest, and at least two. If none of these passes verification, also keeps the newest that does. Generations that are not
    /// the job's own are neither counted nor removed. Cost: one pass over the newest file; more if files are damaged.
    @discardableResult
    public func prune(keeping count: Int, of own: OwnGenerations? = nil) throws(FileError) -> [CheckpointGeneration] {
        let generations = try generations(of: own)
        let old = generations.dropFirst(max(count, Self.leastKept))
        guard !old.isEmpty else { return [] }
        let newestValid = generations.first { (try? verified($0, of: own)) != nil }
        let removed = old.reversed().filter { $0 != newestValid }
        for generation in removed { try remove(generation) }
        return removed
    }

    /// Removes the job's generations from `step` on, which contain corrupt data. Removes none if it has no older generation that passes
    /// verification.
    public func removeGenerations(from step: Int, of own: OwnGenerations? = nil) throws(FileError) {
        let generations = try generations(of: own)
        guard generations.contains(where: { $0.step < step && (try? verified($0, of: own)) != nil }) else { return }
        for generation in generations where generation.step >= step { try remove(generation) }
    }

    /// Removes the file of one generation. Throws the errors of `HeldFolder.removeFile`.
    func remove(_ generation: CheckpointGeneration) throws(FileError) {
        try openRunFolder().folder(Self.folderName)?.removeFile(Self.name(forStep: generation.step))
    }

    /// The run folder. Creates it if it does not exist and is not held.
    private func openRunFolder() throws(FileError) -> HeldFolder {
        if let held { return held }
        try makeFolders(runFolder, through: calls)
        return try FilePlace(path: path, through: calls).folder
    }

    private func listed(_ own: OwnGenerations?) throws(CheckpointError) -> [CheckpointGeneration] {
        do throws(FileError) {
            return try generations(of: own)
        } catch {
            throw .unlistable(error)
        }
    }

    /// The generation of a file name; nil if the name is not exactly that of a generation.
    private func generation(named name: String) -> CheckpointGeneration? {
        Self.step(ofName: name).map { CheckpointGeneration(step: $0, path: joinPath(path, name)) }
    }

    /// The step of a file name; nil if the name is not exactly that of a generation.
    static func step(ofName name: String) -> Int? {
        guard name.hasPrefix(prefix), name.hasSuffix(suffix) else { return nil }
        guard let step = Int(name.dropFirst(prefix.count).dropLast(suffix.count)), step >= 0 else { return nil }
        return name == self.name(forStep: step) ? step : nil
    }
}

extension SafetensorsReader {
    /// The step in the text of a run's state; nil if the file has none.
    fileprivate var notedStep: Int? {
        struct State: Decodable { var step: Int }
        return metadata["state"].flatMap { try? JSONDecoder().decode(State.self, from: Data($0.utf8)) }?.step
    }
}
