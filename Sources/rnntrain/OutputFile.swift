import Checkpoints
import Configuration
import Failures
import Files
import Glibc
import Kinds
import Reports
import Runs

/// Checks of files that a command writes, before its work.
enum OutputFile {
    /// Checks that the path names a file that can be written, and none of the files that the command reads, under any name.
    ///
    /// - Parameters:
    ///   - inputs: each file that is read, with the option that names it; nil for an option that is not given.
    static func check(
        _ path: String, namedBy option: String, inputs: [(option: String, path: String?)]
    ) throws(OutputFileError) {
        try checkName(path, namedBy: option, inputs: inputs)
        // Creates and removes a temporary file, so that a path that cannot be written is found before the work.
        do throws(FileError) {
            _ = try DurableFile(path: path)
        } catch .inTheWay(_, let found, _) {
            throw .isNoRegularFile(path: path, option: option, found: found)
        } catch {
            throw .file(error)
        }
    }

    /// Checks a page that a command writes, as `check`. An existing file must be a page, or empty, and `--force` must permit to replace it.
    static func checkPage(
        _ path: String, namedBy option: String, inputs: [(option: String, path: String?)], isForced: Bool
    ) throws(OutputFileError) {
        try check(path, namedBy: option, inputs: inputs)
        guard pathExists(path) else { return }
        guard ReportPage.mayReplace(path) else { throw .isNoPage(path: path, option: option) }
        // The last check: the error proposes --force, which must help.
        if !isForced { throw .exists(path: path, option: option) }
    }

    private static func checkName(
        _ path: String, namedBy option: String, inputs: [(option: String, path: String?)]
    ) throws(OutputFileError) {
        guard !path.isEmpty else { throw .empty(option: option) }
        guard path != StandardInput.sign else { throw .standardOutput(option: option) }
        let existing = status(path)
        if let existing, existing.st_mode & S_IFMT == S_IFDIR { throw .isFolder(path: path, option: option) }
        if isRunFile(path) { throw .isRunFile(path: path, option: option) }
        guard let found = existing else { return }
        for input in inputs {
            guard let name = input.path, let read = name == StandardInput.sign ? statusOfInput() : status(name) else { continue }
            if (read.st_dev, read.st_ino) == (found.st_dev, found.st_ino) {
                throw .isInput(path: path, option: option, input: input.option)
            }
        }
    }

    /// Checks the names of files that a command writes into a folder, or removes from it. The folder need not exist.
    static func check(
        _ names: [String], in folder: String, namedBy option: String, inputs: [(option: String, path: String?)]
    ) throws(OutputFileError) {
        guard !folder.isEmpty else { throw .empty(option: option) }
        for name in names {
            do throws(OutputFileError) {
                try checkName(folder + "/" + name, namedBy: option, inputs: inputs)
            } catch .isFolder(let path, _) {
                throw .containsFolder(path: path, option: option)
            }
        }
    }

    /// Whether the path is that of a run's file, in the folder of a run or in one of its inner folders. The file need not exist: the run would take
    /// it for its own.
    private static func isRunFile(_ path: String) -> Bool {
        let (folder, name) = splitPath(path)
        let parts = pathNames(pathExists(path) ? resolvedPath(path) : joinPath(resolvedPath(folder), name))
        return (1...2).contains { depth in
            let folder = parts.dropLast(depth).map { "/" + $0 }.joined()
            return RunFile.isFile(Array(parts.suffix(depth))) && isRunFolder(folder)
        }
    }

    /// Whether a folder is that of a run: it has two of its names, because others may be lost.
    private static func isRunFolder(_ folder: String) -> Bool {
        RunFile.namesInFolder.filter { status("\(folder)/\($0)") != nil }.count > 1
    }

    /// The files that the run of a checkpoint reads. The path names the folder of the run, or a file in this folder or in an inner one.
    static func inputs(ofRunOf checkpoint: String) -> [(option: String, path: String?)] {
        let folder = splitPath(resolvedPath(checkpoint)).folder
        let found = [checkpoint, folder, splitPath(folder).folder].lazy.map { inputs(ofRun: $0) }
        return found.first { !$0.isEmpty } ?? []
    }

    /// The texts and other files that the run in a folder reads, with words for them; empty without a readable configuration, which the
    /// command itself reports.
    static func inputs(ofRun folder: String) -> [(option: String, path: String?)] {
        let values: [ConfigurationKey: ConfigurationValue]
        do throws(ConfigurationFileError) {
            values = try ConfigurationFile(ofRunAt: RunFolder(path: folder).configurationPath).values
        } catch {
            return []
        }
        return [ConfigurationKey.text, .train, .valid, .test, .wordVectors, .sentencePieceModel].map {
            ("\($0.option) of \(Quotation.of(folder))", values[$0]?.description)
        }
    }

    /// The file of the standard input, such as one that the shell redirects.
    private static func statusOfInput() -> stat? {
        var status = stat()
        return fstat(STDIN_FILENO, &status) == 0 ? status : nil
    }

    private static func status(_ path: String) -> stat? {
        var status = stat()
        return RawByte.withCString(path) { stat($0, &status) } == 0 ? status : nil
    }
}

/// A file to write that cannot be used.
enum OutputFileError: UserFacingError {
    case empty(option: String)
    /// The standard output, named instead of a file.
    case standardOutput(option: String)
    case isFolder(path: String, option: String)
    /// A folder has the name of a file to write into the folder that the option names.
    case containsFolder(path: String, option: String)
    /// The name refers to a link, a pipe, a socket or a device.
    case isNoRegularFile(path: String, option: String, found: EntryKind)
    /// The file exists, and nothing but `--force` is needed to replace it.
    case exists(path: String, option: String)
    /// The file is one of those that the command reads.
    case isInput(path: String, option: String, input: String)
    /// The path is that of a file of a run.
    case isRunFile(path: String, option: String)
    /// The file exists, and is of another kind.
    case isNoARPA(path: String, option: String)
    /// The file exists, and is of another kind.
    case isNoPage(path: String, option: String)
    /// The file cannot be written.
    case file(FileError)

    var exitStatus: ExitStatus {
        if case .file(let error) = self { error.exitStatus } else { .usage }
    }

    var description: String {
        switch self {
        case .empty(let option): "\(option) is empty. Name a file."
        case .standardOutput(let option): "\(option) -: only a file can be written. Name a file (./- if its name is -)."
        case .isFolder(let path, let option): "\(quoting: path): this is a folder, but \(option) needs a file. Name a file in it."
        case .containsFolder(let path, let option):
            "\(quoting: path): this is a folder, but \(option) writes a file of this name. Move it away, or name another folder with \(option)."
        case .isNoRegularFile(let path, let option, .link):
            "\(quoting: path) is a symbolic link, which \(option) does not follow. Name the file that it refers to, or another file."
        case .isNoRegularFile(let path, let option, let found):
            "\(quoting: path) is \(found.rawValue), but \(option) needs a regular file. Name a new file with \(option)."
        case .exists(let path, let option):
            "\(quoting: path) exists already. Name another file with \(option), or replace this one with --force."
        case .isInput(let path, let option, let input):
            "\(quoting: path): \(option) names the file of \(input), which would be overwritten. Name another file with \(option)."
        case .isRunFile(let path, let option):
            "\(quoting: path): a run has a file of its own under this name. Name another file with \(option)."
        case .isNoARPA(let path, let option):
            "\(quoting: path) exists, and is no ARPA file. Name another file with \(option), or remove this one."
        case .isNoPage(let path, let option):
            "\(quoting: path) exists, and is no HTML page. Name another file with \(option), or remove this one."
        case .file(let error): error.description
        }
    }
}
