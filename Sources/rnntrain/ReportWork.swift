import Checkpoints
import Communication
import Failures
import Files
import NGrams
import Reports
import Runs

/// Writes a page about the runs in these folders.
func runReport(_ folders: [String], output: String, replacing: Bool) throws {
    let inputs = folders.map { RunFolder(path: $0) }.flatMap { [$0.metricsPath, $0.configurationPath, $0.checkpoints.bestPath] }
    let texts = folders.flatMap(OutputFile.inputs(ofRun:))
    try OutputFile.checkPage(output, namedBy: "--output", inputs: inputs.map { ("the run", $0) } + texts, isForced: replacing)
    let runs = try folders.map { folder in
        if !isFolder(folder), NGramModel.isARPA(folder) { throw ReportError.isARPA(path: folder) }
        let records = RunRecords(RunFolder(path: folder))
        records.warnings.forEach(StandardError.warn)
        if let foreign = records.foreignConfiguration() {
            StandardError.warn("\(foreign) The page shows the values of \(records.folder.configurationPath).")
        }
        guard isFolder(folder), let run = try RunHistory(folder: folder) else { throw ReportError.noRun(path: folder) }
        run.warnings.forEach(StandardError.warn)
        return run
    }
    try DurableFile.write(ReportPage(runs, version: rnntrainVersion).html, to: output)
    try StandardOutput.printResult("\(inFull: output): a page about \(counted(runs.count, "run"))")
}

/// What keeps `report` from writing a page.
enum ReportError: UserFacingError {
    case noRun(path: String)
    case isARPA(path: String)

    var exitStatus: ExitStatus {
        if case .noRun = self { .inputMissing } else { .usage }
    }

    var description: String {
        switch self {
        case .noRun(let path): "\(quoting: path): no run folder: it has no config.toml and no checkpoint. Check the path."
        case .isARPA(let path):
            "\(quoting: path) is an ARPA file. A page shows what runs log while they train, so an n-gram model has no curves. Omit the file; "
                + "rnntrain evaluate --checkpoint FILE --data TEXT gives its perplexity."
        }
    }
}
