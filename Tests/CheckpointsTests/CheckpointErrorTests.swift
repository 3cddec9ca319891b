import Checkpoints
import Failures
import Files
import Glibc
import Testing

@Suite("Messages say what, where, and what to do")
struct CheckpointErrorTests {
    private let path = "/runs/a/step.safetensors"

    @Test("The error for a damaged file contains the found and the expected values")
    func damaged() {
        let error = CheckpointError.damaged(path: path, .wrongChecksum(array: "w", found: "01", expected: "02"))
        let text =
            "/runs/a/step.safetensors is damaged or not a checkpoint: the checksum of 'w' is 01; expected 02. "
            + "Use another checkpoint."
        #expect(error.description == text && error.exitStatus == .badData)
    }

    @Test("A file without read permission counts as missing input, a broken disk as an I/O failure")
    func unreadable() {
        let forbidden = CheckpointError.unreadable(path: path, operation: "open", errorNumber: EACCES)
        #expect(forbidden.description == "\(path): cannot open the checkpoint: Permission denied. Make it readable (chmod u+r).")
        #expect(forbidden.exitStatus == .inputMissing)
        #expect(CheckpointError.unreadable(path: path, operation: "map", errorNumber: EIO).exitStatus == .inputOutput)
    }

    @Test("The error for another array contains both types and shapes")
    func otherArray() {
        let error = CheckpointError.otherArray(path: path, name: "w", found: "F32 [2]", expected: "F32 [3]")
        #expect(error.description.contains("'w' is F32 [2]; expected F32 [3]") && error.exitStatus == .badData)
    }

    @Test("A lack of memory for an array is a fault of the process, not of the file")
    func noMemory() {
        let error = CheckpointError.noMemory(path: path, MemoryError(purpose: "an array of the checkpoint", byteCount: 5_000_000))
        #expect(
            error.description == "\(path): too little memory for an array of the checkpoint: the system refuses 5.0 MB. "
                + "Raise the limits of the process (ulimit -v, ulimit -d), or use a machine with more memory.")
        #expect(error.exitStatus == .fault)
    }

    @Test("Names from a file are shortened, without control characters")
    func names() {
        let damage = CheckpointDamage.noChecksum(array: "\u{1b}[2J" + String(repeating: "x", count: 1000))
        #expect(damage.description == "'?[2J" + String(repeating: "x", count: 76) + "...' has no checksum")
    }

    @Test("A run in use and a folder that holds a run say what to do")
    func runFolder() {
        #expect(RunFolderError.held(path: "r", holder: nil).description.hasPrefix("r is in use by another job. Wait"))
        #expect(RunFolderError.holdsRun(path: "r", file: "r/config.toml").description.contains("--resume"))
        #expect(RunFolderError.file(.failed(path: "r", operation: "x", errorNumber: EIO)).exitStatus == .inputOutput)
    }
}
