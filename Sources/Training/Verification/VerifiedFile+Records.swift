import Failures
import Files
import Reports

/// Checks of files that no checkpoint is compared with.
extension VerifiedFile {
    /// The event file for TensorBoard at `path`.
    init(eventsAt path: String) {
        self.init(.events, path)
        check { file in
            let content = try MappedFile(path: path)
            let extent = try content.checked({ $0 }) { () throws(FileError) in EventRecord.extent(Array(content.bytes)) }
            file.contents = counted(extent.count, "record")
            switch extent.rest {
            case .nothing: break
            case .cutRecord: file.notes.append("its last record is incomplete; the next start removes it")
            case .damage:
                file.fail(
                    "\(path): the record at byte \(extent.byteCount) is damaged, and TensorBoard reads nothing after it. Restore the file; "
                        + "otherwise the next start keeps it under another name, and begins a new one.")
            }
        }
        requireOneName()
    }

    /// The stamps of the texts at `path`, if it names a file.
    init(stampsAt path: String) {
        self.init(.stamps, path)
        require(.file)
        guard problem == nil, pathExists(path) else { return }
        check { file in
            switch try TextStamps.areSound(path: path) {
            case true?: break
            case false?:
                file.fail("\(path) is not as it was written. Remove it: the next start reads the texts, and writes it again.")
            case nil:
                file.notes.append(
                    "it has no checksum: it was changed, or an older version wrote it; the next start reads the texts instead")
            }
        }
    }
}
