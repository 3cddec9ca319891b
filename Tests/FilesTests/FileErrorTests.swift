import Failures
import Files
import Glibc
import Testing

@Suite("File errors say what, where, and what to do")
struct FileErrorTests {
    @Test(
        "Each error has a message and an exit status",
        arguments: [
            (
                .notCommitted(path: "/a/b", operation: .write, errorNumber: ENOSPC), .inputOutput,
                "/a/b was not written: cannot write: No space left on device. "
                    + "Free disk space, or choose a folder on another disk."
            ),
            (
                .durabilityUncertain(path: "/a/b", operation: .synchronizeFolder, errorNumber: EIO), .inputOutput,
                "/a/b was written, but may be lost if the machine fails now: cannot synchronise the folder: Input/output error. "
                    + "The disk may be failing: check the system log, or choose another disk."
            ),
            (
                .failed(path: "/a", operation: "make the folder", errorNumber: EROFS), .inputOutput,
                "/a: cannot make the folder: Read-only file system. The file system is mounted read-only: choose a folder on another one."
            ),
            (
                .missing(path: "a.txt"), .inputMissing,
                "a.txt: no such file. Check the path, and that every node sees it."
            ),
            (.folder(path: "a"), .inputMissing, "a is a folder. Name a file in it."),
            (
                .unreadable(path: "a", operation: .open, errorNumber: EACCES), .inputMissing,
                "a: cannot open the file: Permission denied. Check the path and its permissions."
            ),
            (
                .unreadable(path: "a", operation: .map, errorNumber: EMFILE), .inputOutput,
                "a: cannot map the file: Too many open files. Raise the limit on open files (ulimit -n)."
            ),
        ] as [(FileError, Failures.ExitStatus, String)])
    func sentences(error: FileError, status: Failures.ExitStatus, sentence: String) {
        #expect(error.description == sentence)
        #expect(error.exitStatus == status)
    }
}
