package import Files

/// The names of the files in a run folder.
package enum RunFile {
    package static let configuration = "config.toml"
    package static let vocabulary = "vocabulary.json"
    package static let sentencePieceModel = "sentencepiece.model"
    /// The most bytes of `sentencePieceModel`.
    package static let mostModelBytes = 50_000_000
    package static let metrics = "metrics.jsonl"
    /// TensorBoard recognises an event file by `tfevents` in its name.
    package static let events = "events.out.tfevents.rnntrain"
    /// The new name of an event file that was found damaged. TensorBoard reads the files of a folder in the order of their names: this one
    /// first, up to the damage.
    package static let damagedEvents = "events.out.tfevents.damaged"
    package static let lock = "lock"
    package static let best = "best.safetensors"
    package static let data = "data"
    package static let checkpoints = "checkpoints"
    /// The known digests of the texts, in the folder of the token files.
    package static let stamps = "stamps.json"

    /// The token file of a text, in its folder.
    package static func tokens(_ role: String) -> String { role + tokensSuffix }

    private static let tokensSuffix = ".tokens"
    private static let roles = ["train", "valid", "test"]
    /// The files in the folder itself, without the lock.
    private static let files = [configuration, vocabulary, sentencePieceModel, metrics, events, best]
    private static let dataFiles = roles.map(tokens) + [stamps]

    private static func isData(_ name: String) -> Bool { dataFiles.contains(name) }
    private static func isCheckpoint(_ name: String) -> Bool { CheckpointFolder.step(ofName: name) != nil }

    /// The names of files and folders in the folder of a run.
    package static var namesInFolder: [String] { files + [damagedEvents, lock, data, checkpoints] }

    /// Whether a path inside the folder of a run, as its components, is that of a file or an inner folder of the run.
    package static func isFile(_ path: [String]) -> Bool {
        switch path.count {
        case 1: namesInFolder.contains(path[0])
        case 2: path[0] == data ? isData(path[1]) : path[0] == checkpoints && isCheckpoint(path[1])
        default: false
        }
    }

    /// Throws `.inTheWay` if the name of a file refers to a link, a folder, a pipe or a device, or the name of a folder to something else.
    static func requireKinds(in run: HeldFolder) throws(FileError) {
        for name in files + [lock] { try run.require(.file, orNothingAt: name) }
        for (folder, name) in try filesInside(run) { try folder.require(.file, orNothingAt: name) }
    }

    /// The paths of all entries that have the name of a run's file, without the lock.
    static func paths(in run: HeldFolder) throws(FileError) -> [String] {
        var paths: [String] = []
        for name in files where try run.status(of: name) != nil { paths.append(run.place(name).path) }
        return try paths + filesInside(run).map { $0.place($1).path }
    }

    /// Removes all files of a run but the lock, and those of `folders` that are then empty.
    ///
    /// Throws the errors of `HeldFolder.removeFile`.
    static func removeAll(in run: HeldFolder, keeping kept: Set<String>) throws(FileError) {
        for name in files where !kept.contains(name) {
            if try run.status(of: name) != nil { try run.removeFile(name) }
        }
        for (folder, name) in try filesInside(run) { try folder.removeFile(name) }
    }

    /// The files of a run in its inner folders, each with its folder.
    private static func filesInside(_ run: HeldFolder) throws(FileError) -> [(folder: HeldFolder, name: String)] {
        var found: [(HeldFolder, String)] = []
        for (name, isOurs) in [(data, isData), (checkpoints, isCheckpoint)] as [(String, (String) -> Bool)] {
            guard let folder = try run.folder(name) else { continue }
            found += try folder.names().filter(isOurs).map { (folder, $0) }
        }
        return found
    }

    /// Creates the inner folders, and removes the temporary files of interrupted writes in them and in the folder itself.
    package static func settle(in run: HeldFolder) throws(FileError) {
        _ = try DurableFile.removeTemporaries(in: run, of: files.contains)
        _ = try DurableFile.removeTemporaries(in: run.madeFolder(data), of: isData)
        _ = try DurableFile.removeTemporaries(in: run.madeFolder(checkpoints), of: isCheckpoint)
    }
}
