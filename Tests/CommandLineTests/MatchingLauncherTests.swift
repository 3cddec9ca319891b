import Foundation
import TestSupport
import Testing

/// Scripts find the mpirun of the MPI that the program is built for. Scripts of the test replace mpirun and ldd.
@Suite("Launchers that match the program")
struct MatchingLauncherTests {
    private let scratch: ScratchFolder

    /// The output of `--version` of each launcher.
    private static let versions = ["openmpi": "mpirun (Open MPI) 4.1.4", "mpich": "HYDRA build details:"]

    /// A copy of the repository with the scripts that start mpirun, and a program whose check finds no fault.
    init() throws {
        scratch = try ScratchFolder()
        for script in ["train", "environment", "launcher", "supervise", "shared-memory", "slurm.sbatch", "compare-pytorch"] {
            try scratch.write(
                String(contentsOfFile: ProcessRunner.source("launch/\(script)"), encoding: .utf8), to: "launch/\(script)")
        }
        try scratch.write("", to: "Package.swift")
        try scratch.write("", to: "Sources/nothing")
        try program(".build/release/rnntrain", "exit 3")
    }

    private func program(_ name: String, _ text: String) throws {
        let path = try scratch.write("#!/bin/sh\n\(text)\n", to: name)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }

    /// A launcher of that MPI, which prints its name and its arguments.
    private func launcher(_ name: String, of mpi: String) throws {
        try program(
            "bin/\(name)", "case \"$*\" in *--version*) echo '\(Self.versions[mpi] ?? "")';; *) echo \"\(name): $*\";; esac")
    }

    /// Runs the command with a program that is linked with that library. Only the launchers of the test are found.
    private func bash(_ command: String, library: String) throws -> ProgramRun {
        try program("bin/ldd", "echo '\t\(library) => not found'")
        for name in ["mpirun.openmpi", "orterun", "mpirun.mpich", "mpiexec.hydra"]
        where !FileManager.default.fileExists(atPath: scratch.file("bin/\(name)")) {
            // Hides launchers of this machine under this name: bash finds the test's launcher first, and one of the wrong kind is
            // skipped.
            try launcher(name, of: name.hasSuffix("mpich") || name.hasSuffix("hydra") ? "openmpi" : "mpich")
        }
        let path = scratch.file("bin") + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")
        return try ProcessRunner.run(
            "/bin/bash", ["-c", command], in: scratch.folder,
            environment: ["PATH": path, "SLURM_SUBMIT_DIR": scratch.folder.path, "SLURM_NTASKS": "2"])
    }

    @Test(
        "The launcher is that of the program's MPI, whatever plain mpirun is",
        arguments: [
            ("libmpi.so.40", "openmpi", "mpirun", "mpirun"), ("libmpi.so.40", "mpich", "mpirun.openmpi", "mpirun.openmpi"),
            ("libmpi.so.40", "mpich", "orterun", "orterun"), ("libmpich.so.12", "mpich", "mpirun", "mpirun"),
            ("libmpich.so.12", "openmpi", "mpirun.mpich", "mpirun.mpich"),
            ("libmpi.so.12", "openmpi", "mpiexec.hydra", "mpiexec.hydra"),
        ])
    func matching(library: String, plain: String, other: String, expected: String) throws {
        try launcher("mpirun", of: plain)
        if other != "mpirun" { try launcher(other, of: library == "libmpi.so.40" ? "openmpi" : "mpich") }
        for command in ["bash launch/train -n 2 --run r", "bash launch/slurm.sbatch r"] {
            let outcome = try bash(command, library: library)
            #expect(outcome.status == 0 && outcome.output.hasPrefix("\(expected): "), "\(command): \(outcome)")
            // An option of Open MPI only. In a batch job it would hide the errors of mpirun.
            let isQuiet = library == "libmpi.so.40" && command.contains("launch/train")
            #expect(outcome.output.contains("--quiet") == isQuiet, "\(command): \(outcome)")
        }
    }

    @Test("A limit on open files with which Open MPI would wait for ever is refused in one line")
    func openFiles() throws {
        try launcher("mpirun", of: "openmpi")
        let low = try bash("ulimit -n 32; bash launch/train -n 2 --run r", library: "libmpi.so.40")
        #expect(low.status == 70 && low.output.isEmpty && low.errors.split(separator: "\n").count == 1, "\(low)")
        #expect(low.errors.contains("the limit on open files (ulimit -n) is 32, which is too low"), "\(low)")
        let stack = try bash("ulimit -s 200; bash launch/slurm.sbatch r", library: "libmpi.so.40")
        #expect(stack.status == 70 && stack.errors.contains("the limit on the stack (ulimit -s) is 200 KiB"), "\(stack)")
        #expect(try bash("ulimit -n 46; bash launch/train -n 2 --run r", library: "libmpi.so.40").status == 0)
    }

    @Test("A limit on file sizes with which Open MPI would wait for ever is refused in one line")
    func fileLimit() throws {
        try launcher("mpirun", of: "openmpi")
        try launcher("mpirun.mpich", of: "mpich")
        for script in ["train -n 2 --run r", "slurm.sbatch r"] {
            let low = try bash("ulimit -f 1000; bash launch/\(script)", library: "libmpi.so.40")
            #expect(low.status == 70 && low.output.isEmpty && low.errors.split(separator: "\n").count == 1, "\(low)")
            #expect(low.errors.contains("the limit on file sizes (ulimit -f) is 1000 KiB, which is too low"), "\(low)")
            for (limit, library) in [(8192, "libmpi.so.40"), (1000, "libmpi.so.12")] {
                let sufficient = try bash("ulimit -f \(limit); bash launch/\(script)", library: library)
                #expect(sufficient.status == 0, "\(sufficient)")
            }
        }
    }

    @Test("A full file system of the temporary files, with which Open MPI would wait for ever, is refused in one line")
    func temporaryFiles() throws {
        try launcher("mpirun", of: "openmpi")
        try launcher("mpirun.mpich", of: "mpich")
        try program("venv/bin/python", "")
        let scripts = ["train -n 2 --run r", "slurm.sbatch r", "compare-pytorch --venv venv"]
        // Size, free space, and the same of the number of files.
        for (room, library, message) in [
            (
                "99999 10239 9 9", "libmpi.so.40",
                "/tmp has 10239 KiB of free space, but the temporary files of Open MPI need 10240 KiB."
            ),
            ("99999 10240 99 31", "libmpi.so.40", "/tmp has room for 31 more files, but Open MPI needs 32."),
            ("99999 10240 99 32", "libmpi.so.40", nil), ("0 0 0 0", "libmpi.so.40", nil),
            ("99999 10240 - -", "libmpi.so.40", nil),
            ("99999 0 99 0", "libmpi.so.12", nil),
        ] {
            try program("bin/df", "echo ' 1K-blocks Avail Inodes IFree'; echo '  \(room)'")
            for script in scripts {
                let outcome = try bash("TMPDIR=/tmp bash launch/\(script)", library: library)
                guard let message else {
                    #expect(outcome.status == 0, "\(outcome)")
                    continue
                }
                #expect(outcome.status == 74 && outcome.output.isEmpty, "\(outcome)")
                #expect(outcome.errors.split(separator: "\n").count == 1 && outcome.errors.contains(message), "\(outcome)")
            }
        }
        for script in scripts {
            let outcome = try bash(
                "echo >file; TMPDIR=$PWD/file bash launch/\(script) >out 2>errors; echo $?; cat out errors",
                library: "libmpi.so.40")
            let message =
                ": \(scratch.file("file")) is no folder, but Open MPI keeps temporary files in it. Set TMPDIR to a folder.\n"
            #expect(outcome.output.hasPrefix("74\nlaunch/") && outcome.output.hasSuffix(message), "\(outcome)")
        }
    }

    @Test("A program that a signal ends while it starts is one line, with the limits that may be the cause")
    func endedBySignal() throws {
        try launcher("mpirun", of: "openmpi")
        try program(".build/release/rnntrain", "kill -SEGV $$")
        let outcome = try bash("bash launch/train -n 2 --run r", library: "libmpi.so.40")
        #expect(outcome.status == 139 && outcome.output.isEmpty, "\(outcome)")
        #expect(outcome.errors.contains("launch/train: signal 11 ended the program while it started."), "\(outcome)")
        #expect(outcome.errors.contains("(ulimit -v, ulimit -d)"), "\(outcome)")
    }

    @Test("Without a launcher of the program's MPI, the message is one line")
    func mismatch() throws {
        try launcher("mpirun", of: "openmpi")
        let outcome = try bash("bash launch/train -n 2 --run r", library: "libmpich.so.12")
        #expect(outcome.status == 69 && outcome.output.isEmpty, "\(outcome)")
        #expect(
            outcome.errors
                == "launch/train: the program is built for MPICH, but mpirun is that of Open MPI. Put the mpirun of MPICH on the path, or run launch/setup --mpi mpich.\n"
        )
    }

    @Test("A launcher of an unknown kind is used, and a program of an unknown MPI uses plain mpirun")
    func unknown() throws {
        try launcher("mpirun", of: "another")
        #expect(try bash("bash launch/train -n 2 --run r", library: "libmpich.so.12").output.hasPrefix("mpirun: "))
        try launcher("mpirun", of: "mpich")
        #expect(try bash("bash launch/train -n 2 --run r", library: "libc.so.6").output.hasPrefix("mpirun: "))
    }

    @Test("launch/install refuses a wrong argument and an unwritable folder, before it builds")
    func installation() throws {
        let script = "bash '\(ProcessRunner.source("launch/install"))'"
        for (arguments, status, message) in [
            ("", 64, "it takes one argument"), ("--prefix x", 64, "it takes one argument"),
            ("'\(scratch.file("bin/ldd"))/x'", 74, "cannot be written"),
        ] as [(String, Int32, String)] {
            let outcome = try bash("\(script) \(arguments)", library: "libc.so.6")
            #expect(outcome.status == status && outcome.lines.isEmpty, "\(outcome)")
            #expect(outcome.errors.hasPrefix("launch/install: ") && outcome.errors.contains(message), "\(outcome)")
            #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome)")
        }
    }

    @Test("launch/install refuses a folder in the place of the program, and leaves no temporary file")
    func folderInPlace() throws {
        for script in ["install", "manual-sections"] {
            try scratch.write(
                String(contentsOfFile: ProcessRunner.source("launch/\(script)"), encoding: .utf8), to: "launch/\(script)")
        }
        try program("bin/swift", "exit 0")
        try scratch.write("", to: "prefix/bin/rnntrain/file")
        let command = "bash launch/install prefix; echo \"status $?\"; ls -A prefix/bin prefix/bin/rnntrain"
        let outcome = try ProcessRunner.run(
            "/bin/bash", ["-c", "PATH=$PWD/bin:$PATH; \(command)"], in: scratch.folder)
        #expect(outcome.output.contains("status 74\nprefix/bin:\nrnntrain\n\nprefix/bin/rnntrain:\nfile\n"), "\(outcome)")
        #expect(outcome.errors.contains("is a folder, in the place of a file. Rename or remove it"), "\(outcome)")
    }

    @Test("A rank that is killed after a request to stop ends launch/train and slurm.sbatch with status 137, without a requeue")
    func killedAfterRequest() throws {
        try program("bin/scontrol", "echo \"scontrol: $*\"")
        try program(
            "bin/mpirun",
            "case \"$*\" in *--version*) echo 'mpirun (Open MPI) 4.1'; exit 0;; *' true') exit 0;; esac\n"
                + "trap '' USR1; (touch started; exec sleep 1) & wait $!; exit 137")
        for script in ["train -n 1 --run run", "slurm.sbatch run"] {
            let command =
                "PATH=$PWD/bin:$PATH; rm -f started; set -m; bash launch/\(script) & p=$!; "
                + "for i in $(seq 100); do [ -e started ] && break; sleep 0.05; done; kill -USR1 $p; wait $p; echo \"status $?\""
            let outcome = try ProcessRunner.run(
                "/bin/bash", ["-c", command], in: scratch.folder, environment: ["SLURM_JOB_ID": "1"], limit: 30)
            #expect(outcome.output.hasSuffix("status 137\n") && !outcome.output.contains("scontrol"), "\(outcome)")
        }
    }

    @Test("launch/setup installs the launcher of its MPI although another MPI has an mpirun, and refuses wrong packages")
    func setup() throws {
        try scratch.write(
            String(contentsOfFile: ProcessRunner.source("launch/setup"), encoding: .utf8), to: "launch/setup")
        try program("bin/swift", "echo 'Swift version 6.3'")
        try program("bin/pkg-config", "exit 0")
        try program("bin/sudo", "exec \"$@\"")
        try program("bin/apt-get", "echo \"$*\" >>calls")
        try launcher("mpirun", of: "openmpi")
        let command = "bash launch/setup --mpi mpich"
        let without = try bash(command, library: "libc.so.6")
        #expect(without.status == 69 && without.errors.contains("PATH has no mpirun of MPICH"), "\(without)")
        let calls = try String(contentsOfFile: scratch.file("calls"), encoding: .utf8)
        #expect(calls == "install -y --no-install-recommends mpich\n")
        try program("bin/apt-get", "printf '#!/bin/sh\\necho HYDRA\\n' >bin/mpirun.mpich")
        let installed = try bash(command, library: "libc.so.6")
        #expect(installed.status == 0 && installed.output.hasSuffix("launch/setup: installed mpich.\n"), "\(installed)")
        let again = try bash(command, library: "libc.so.6")
        #expect(again.status == 0 && again.output.hasPrefix("launch/setup: all dependencies are installed"), "\(again)")
        for arguments in ["zsh --mpi mpich", "--mpich", "''"] {
            let refused = try bash("bash launch/setup \(arguments)", library: "libc.so.6")
            #expect(refused.status == 64 && refused.errors.contains("is no name of a Debian package"), "\(refused)")
        }
    }
}
