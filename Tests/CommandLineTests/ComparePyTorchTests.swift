import Foundation
import TestSupport
import Testing

@Suite("launch/compare-pytorch")
struct ComparePyTorchTests {
    private func compare(_ arguments: String..., environment: [String: String] = [:]) throws -> ProgramRun {
        try ProcessRunner.run(ProcessRunner.source("launch/compare-pytorch"), arguments, environment: environment)
    }

    @Test("Without PyTorch the script says how to install it, before it builds or measures")
    func withoutPyTorch() throws {
        let scratch = try ScratchFolder()
        let folder = scratch.file("none")
        for outcome in [try compare("--venv", folder), try compare(environment: ["RNNTRAIN_PYTORCH": folder])] {
            #expect((outcome.status, outcome.output) == (69, ""))
            #expect(
                outcome.errors.hasPrefix(
                    "launch/compare-pytorch: there is no PyTorch in \(folder). 'launch/compare-pytorch --install' puts it there; "
                ),
                "\(outcome.errors)")
        }
    }

    @Test("Files of the current folder are not taken for PyTorch")
    func currentFolder() throws {
        let scratch = try ScratchFolder()
        for name in ["numpy.py", "torch.py"] { try scratch.write("", to: name) }
        let python = try scratch.write("#!/bin/sh\nexec python3 -S -E \"$@\"\n", to: "venv/bin/python")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: python)
        let outcome = try ProcessRunner.run(
            ProcessRunner.source("launch/compare-pytorch"), ["--venv", "venv", "--rounds", "1"], in: scratch.folder,
            environment: ["RNNTRAIN_PROGRAM": "true"])
        #expect(outcome.status == 69 && outcome.errors.contains("there is no PyTorch in venv."), "\(outcome)")
    }

    @Test("Wrong options end with status 64 and advice")
    func wrongOptions() throws {
        let model = try compare("--model", "large")
        #expect(model.status == 64)
        #expect(
            model.errors.contains(
                "--model takes one of zaremba-small zaremba-medium char wikitext-2 wikitext-2-adaptive; it was given 'large'."))
        let precision = try compare("--precision", "fp64")
        #expect(precision.status == 64 && precision.errors.contains("--precision takes fp32 or bf16; it was given 'fp64'."))
        let rounds = try compare("--rounds", "0")
        #expect(rounds.status == 64 && rounds.errors.contains("--rounds takes a number, 1 or more; it was given '0'."))
        let unknown = try compare("--speed")
        #expect(unknown.status == 64 && unknown.errors.contains("there is no option '--speed'"))
    }

    /// Runs the comparison with shell scripts that replace both programs. Each script prints the given speeds in turn.
    private func table(ours: [Int], theirs: [Int], parameters: Int = 5) throws -> (outcome: ProgramRun, order: String) {
        let scratch = try ScratchFolder()
        let order = try scratch.write("", to: "order")
        let program = try script("ours", speeds: ours, parameters: 5, order: order, in: scratch)
        let python = try script("theirs", speeds: theirs, parameters: parameters, order: order, in: scratch)
        let outcome = try ProcessRunner.run(
            "/usr/bin/env",
            [
                "python3", ProcessRunner.source("launch/pytorch/compare.py"), "--program", program, "--launcher", "env",
                "--python", python, "--models", "char", "--rounds", "\(ours.count)",
            ])
        return (outcome, String(decoding: try scratch.read("order"), as: UTF8.self))
    }

    /// A program that prints its speeds one after another, cyclically, and appends its name to `order`.
    private func script(
        _ name: String, speeds: [Int], parameters: Int, order list: String, in scratch: ScratchFolder
    ) throws -> String {
        let text = """
            #!/bin/sh
            set -- \(speeds.map(String.init).joined(separator: " "))
            shift $(($(grep -c \(name) '\(list)') % \(speeds.count)))
            echo \(name) >>'\(list)'
            echo '{"model":"char","parameters":\(parameters),"version":"9.9","tokens_per_second":'$1'}'

            """
        let file = try scratch.write(text, to: name)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file)
        return file
    }

    @Test("Both programs are measured in turn, and the ratio is the median over the rounds")
    func medians() throws {
        // The ratios are 1, 4 and 2. The ratio of the median speeds would be 1.5.
        let (outcome, order) = try table(ours: [100, 400, 300], theirs: [100, 100, 150])
        #expect(outcome.status == 0, "\(outcome.errors)")
        for setting in ["1 rank / 1 thread", "2 ranks / 2 threads", "2 ranks / 2 processes, DDP over gloo"] {
            let row = "| char | \(setting) | fp32 | 300 | 100 | 2.00 | 1.00 - 4.00 |\n"
            #expect(outcome.output.contains(row), "\(outcome.output)")
        }
        #expect(outcome.output.contains("PyTorch 9.9; "))
        let pairs = order.split(separator: "\n").count / 2
        #expect(pairs >= 9 && order == String(repeating: "ours\ntheirs\n", count: pairs))
    }

    @Test("Different models are not compared")
    func otherModel() throws {
        let (outcome, _) = try table(ours: [100], theirs: [100], parameters: 6)
        #expect(outcome.status == 70)
        #expect(outcome.output.contains("| fp32 | not measured: char: 5 parameters here and 6 in PyTorch |"), "\(outcome.output)")
    }

    @Test(
        "A signal ends the measured program and then the comparison",
        arguments: [("INT", "130"), ("TERM", "143"), ("HUP", "129"), ("QUIT", "131"), ("USR1", "138")])
    func signals(signal: String, status: String) throws {
        let scratch = try ScratchFolder()
        let program = try scratch.write(
            "#!/bin/sh\ntrap 'kill $!; echo ended >>order; exit 1' TERM\nsleep 60 & echo begun >>order; wait\n", to: "program")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
        let script = ProcessRunner.source("launch/pytorch/compare.py")
        // bash lets a job in the background ignore SIGINT, unless it has job control.
        let outcome = try ProcessRunner.run(
            "/bin/bash",
            [
                "-c",
                "set -m; python3 '\(script)' --program ./program --launcher env --python true --models char --rounds 1 >table & "
                    + "until [ -s order ]; do sleep 0.1; done; kill -s \(signal) $!; wait $!; echo $?; cat order",
            ], in: scratch.folder)
        #expect(outcome.output == "\(status)\nbegun\nended\n" && !outcome.errors.contains("Traceback"), "\(outcome)")
    }
}
