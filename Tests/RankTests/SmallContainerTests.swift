import Foundation
import TestSupport
import Testing

extension TrainingOverRanks {
    /// Each test expects the digest of an unrestricted run, or one line that names the missing resource.
    @Suite("Training in a restricted container", .serialized)
    struct SmallContainerTests {
        private static let options = ["--hidden-size", "8", "--epochs", "1", "--bptt", "100"]
        private let texts: TrainingFolder

        init() throws { texts = try TrainingFolder(options: [], lines: 10) }

        /// Runs shell commands; `$PROGRAM` is rnntrain with its options, `$MPIRUN` starts it on two ranks.
        private func shell(_ lines: String, private mounts: Bool = false) throws -> ProgramRun {
            let program = ([ProgramRun.buildFolder.appendingPathComponent("rnntrain").path] + Self.options).joined(separator: " ")
            let environment = [
                "PROGRAM": program, "MPIRUN": "mpirun --oversubscribe --bind-to none -n 2 " + program,
                "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
            ]
            let prefix = mounts ? ["unshare", "-m"] : []
            return try ProgramRun.run(
                URL(fileURLWithPath: "/usr/bin/env"), prefix + ["sh", "-c", lines], environment: environment,
                folder: texts.folder,
                timeLimit: 60)
        }

        /// Whether this machine allows a test to mount file systems.
        private static let mayMount =
            (try? ProgramRun.run(
                URL(fileURLWithPath: "/usr/bin/env"), ["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/dev/shm"],
                environment: [:], folder: nil, timeLimit: 10))?.status == 0

        private func digest(_ outcome: ProgramRun) -> Substring? {
            outcome.lines.first { $0.hasPrefix("  last ") }.map { $0.suffix(16) }
        }

        private func expectSame(_ outcome: ProgramRun, location: SourceLocation = #_sourceLocation) throws {
            let free = try shell("exec $PROGRAM --run free-\(UUID().uuidString)")
            #expect(
                outcome.status == 0 && digest(outcome) != nil && digest(outcome) == digest(free), "\(outcome)",
                sourceLocation: location)
        }

        @Test(
            "Training works with 64 MB, 1 MB or no space in /dev/shm", .enabled(if: mayMount),
            arguments: ["64m", "1m", "4k,nr_inodes=1"])
        func sharedMemory(size: String) throws {
            try expectSame(try shell("mount -t tmpfs -o size=\(size) tmpfs /dev/shm && exec $MPIRUN --run run", private: true))
        }

        @Test("Training works if copies between processes are forbidden")
        func noSingleCopy() throws {
            try expectSame(try shell("OMPI_MCA_btl_vader_single_copy_mechanism=none exec $MPIRUN --run run --exchange messages"))
        }

        /// Runs rnntrain on as many ranks as there are cores, as `launch/train` does. Prints the flags of mpirun first.
        private func launched(_ environment: String) throws -> ProgramRun {
            let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../launch")
            let flags = "source \(folder.path)/environment; mpirun_flags $(physical_cores)"
            return try shell(
                "\(environment) exec bash -c '\(flags); echo \"flags ${flags[@]}\"; exec mpirun \"${flags[@]}\" $PROGRAM --run run'"
            )
        }

        @Test("Training works if processes may not be bound to cores")
        func noBinding() throws {
            // mpirun must load the library too.
            let library = Sanitizers.plainFaultLibrary ?? ProgramRun.buildFolder.appendingPathComponent("libfile-faults.so").path
            let refusing = "LD_PRELOAD=\(library):$LD_PRELOAD RNNTRAIN_FAULT_BINDING=1"
            // Shows that the launcher itself fails if binding is requested.
            let asked = try shell("\(refusing) exec mpirun --oversubscribe --bind-to core -n 2 $PROGRAM --run run")
            try #require(asked.status != 0 && asked.errors.contains("bind"), "binding was not refused: \(asked)")
            try expectSame(try shell("\(refusing) exec mpirun --oversubscribe -n 2 $PROGRAM --run by-hand"))
            let outcome = try launched(refusing)
            #expect(outcome.lines.first?.hasSuffix("--bind-to none") == true, "\(outcome)")
            try expectSame(outcome)
        }

        @Test("Training works without HOME, in a locale without UTF-8 and in a folder with a non-ASCII name")
        func environment() throws {
            try expectSame(try shell("mkdir größe && cd größe && exec env -u HOME -u LANG LC_ALL=C $MPIRUN --run größe/läuft"))
            #expect(FileManager.default.fileExists(atPath: texts.path("größe/größe/läuft/best.safetensors")))
            let text = "päivä 语言 größe\n"
            try texts.write("größe/tëxt", String(repeating: text, count: 200))
            let named = "--tokens word --train größe/tëxt --valid größe/tëxt --run words"
            let outcome = try shell("exec env -i PATH=\"$PATH\" LC_ALL=C $PROGRAM --batch-size 2 \(named) --bptt 9")
            #expect(outcome.status == 0, "\(outcome)")
        }

        @Test(
            "With a read-only working folder, training works in another folder and otherwise reports the reason",
            .enabled(if: mayMount))
        func readOnlyFolder() throws {
            let readOnly = "mkdir ro && mount --bind ro ro && mount -o remount,ro,bind ro && cd ro && "
            try expectSame(try shell(readOnly + "exec $MPIRUN --run ../run", private: true))
            try FileManager.default.removeItem(atPath: texts.path("ro"))
            let refused = try shell(readOnly + "exec $PROGRAM", private: true)
            #expect(refused.status == 74 && refused.errors.split(separator: "\n").count == 1, "\(refused)")
            #expect(refused.errors.contains("runs: cannot make the folder: Read-only file system."), "\(refused)")
        }
    }
}
