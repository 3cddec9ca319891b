import Failures
import Foundation
import TestSupport
import Testing
import Training

@Suite("The progress line")
struct ProgressTextTests {
    private static func line() -> ProgressText {
        var text = ProgressText()
        text.add("epoch 1/2", importance: 3)
        text.add("loss 2.5", importance: 1)
        text.add("perplexity 12.18", importance: 4, lead: ", ")
        text.add("rate 0.01", importance: 0)
        text.add("5s left", importance: 2)
        return text
    }

    @Test("The complete line, if there is space")
    func whole() {
        let text = "epoch 1/2  loss 2.5, perplexity 12.18  rate 0.01  5s left"
        #expect(Self.line().text == text && Self.line().fitted(to: text.count) == text)
    }

    @Test("Less important parts are omitted first, with their separators")
    func leftOut() {
        #expect(Self.line().fitted(to: 56) == "epoch 1/2  loss 2.5, perplexity 12.18  5s left")
        #expect(Self.line().fitted(to: 45) == "epoch 1/2  perplexity 12.18  5s left")
        #expect(Self.line().fitted(to: 27) == "epoch 1/2  perplexity 12.18")
        #expect(Self.line().fitted(to: 16) == "perplexity 12.18")
    }

    @Test("The line is never wider than the given width", arguments: -5...80)
    func width(columns: Int) {
        #expect(Self.line().fitted(to: columns).count <= max(columns, 0))
    }
}

@Suite("The command that resumes a run")
struct ResumeCommandTests {
    private func command(
        _ folder: String, environment: [String: String] = [:], parent: [String] = [], grandparent: [String] = [],
        arguments: [String] = ["./rnntrain", "--run", "x"]
    ) -> String {
        ResumeCommand(
            runFolder: folder, rankCount: 3, arguments: arguments, environment: environment, parent: parent,
            grandparent: grandparent
        ).text.replacing(" --allow-run-as-root", with: "")
    }

    @Test("Without a launcher, with the folder quoted for a shell")
    func alone() {
        #expect(command("runs/first") == "./rnntrain --run runs/first --resume")
        #expect(command("my run") == "./rnntrain --run 'my run' --resume")
        #expect(command("it's $HOME") == "./rnntrain --run 'it'\\''s $HOME' --resume")
        #expect(command("-x") == "./rnntrain --run ./-x --resume")
    }

    @Test("A variable of Open MPI that allows more ranks than cores becomes a flag")
    func sharedCores() {
        let start = ["mpirun", "-n", "3"]
        func text(_ value: String, _ flags: [String] = []) -> String {
            let environment = ["OMPI_COMM_WORLD_SIZE": "3", "OMPI_MCA_rmaps_base_oversubscribe": value]
            return command("r", environment: environment, parent: start + flags + ["rnntrain"], arguments: ["rnntrain"])
        }
        #expect(text("1") == "mpirun --oversubscribe -n 3 rnntrain --run r --resume")
        #expect(text("1", ["--oversubscribe"]) == "mpirun -n 3 --oversubscribe rnntrain --run r --resume")
        #expect(text("false") == "mpirun -n 3 rnntrain --run r --resume")
    }

    @Test("With MPICH, by the name of its launcher, and in a job of srun with PMI-2")
    func hydra() {
        let (proxy, environment) = (["/usr/bin/hydra_pmi_proxy", "--pgid", "0"], ["PMI_SIZE": "3"])
        let last = " -n 3 ./rnntrain --run r --resume"
        let launch = ["mpirun.mpich", "-n", "3"]
        #expect(command("r", environment: environment, parent: proxy, grandparent: launch) == "mpirun.mpich" + last)
        #expect(command("r", environment: environment, parent: proxy, grandparent: ["srun", "x"]) == "mpirun" + last)
        #expect(command("r", environment: environment) == "mpirun" + last)
        let job = environment.merging(["SLURM_PROCID": "0"]) { $1 }
        #expect(command("r", environment: job, parent: ["slurmstepd"]) == "srun --mpi=pmi2" + last)
        #expect(command("r", environment: job, parent: proxy, grandparent: ["mpiexec.hydra"]) == "mpiexec.hydra" + last)
    }

    @Test("In a job of SLURM, the advice is to submit the job again")
    func job() {
        let advice = { ResumeCommand(runFolder: "r", rankCount: 1, arguments: ["rnntrain"], environment: $0, parent: []).advice }
        #expect(advice([:]) == "rnntrain --run r --resume")
        #expect(advice(["SLURM_JOB_ID": "7"]) == "submit the job again, or in an allocation: rnntrain --run r --resume")
    }

    @Test("With launch/train and its original arguments")
    func script() {
        #expect(command("r", environment: ["RNNTRAIN_LAUNCHER": "launch/train"]) == "launch/train -n 3 --run r --resume")
        #expect(command("r", environment: ["RNNTRAIN_LAUNCHER": "train"]) == "./train -n 3 --run r --resume")
        #expect(command("r", environment: ["RNNTRAIN_LAUNCHER": "/a b/train"]) == "'/a b/train' -n 3 --run r --resume")
    }

    @Test("With mpirun and its original flags, if they are known")
    func launcher() {
        let ranks = ["OMPI_COMM_WORLD_SIZE": "3"]
        let own = ["./rnntrain", "--run", "x"]
        #expect(command("r", environment: ranks) == "mpirun -n 3 ./rnntrain --run r --resume")
        let known = ["/usr/bin/mpirun", "--oversubscribe", "-n", "3"] + own
        #expect(
            command("r", environment: ranks, parent: known) == "/usr/bin/mpirun --oversubscribe -n 3 ./rnntrain --run r --resume")
        let several = ["mpirun", "-n", "1"] + own + [":", "-n", "2"] + own
        #expect(command("r", environment: ranks, parent: several) == "mpirun -n 3 ./rnntrain --run r --resume")
        #expect(command("r", environment: ranks, parent: ["sh"] + own) == "mpirun -n 3 ./rnntrain --run r --resume")
    }

    @Test("A folder with line ends or other control characters in its name leaves the command on one line")
    func controlCharacters() {
        #expect(command("g/a\nb\rc\td'e\\f") == "./rnntrain --run $'g/a\\012b\\015c\\011d\\'e\\\\f' --resume")
        #expect(command("a\u{85}b\u{2028}c") == "./rnntrain --run $'a\\302\\205b\\342\\200\\250c' --resume")
    }

    @Test("A folder with bytes that are not UTF-8 is named by its bytes")
    func bytes() {
        #expect(command("r\u{10F7FF}") == "./rnntrain --run $'r\\377' --resume")
        #expect(command("g \u{10F7C3}a'") == "./rnntrain --run $'g \\303a\\'' --resume")
    }

    @Test(
        "bash reads a word with control characters as it was",
        arguments: ["a\nb", "\r\n\u{1}7", "'\\\u{1B}[0m", "a\u{85}b\u{2028}\u{202E}ö"])
    func dollarQuoting(word: String) throws {
        let quoted = ShellText.quoted(word)
        #expect(quoted.unicodeScalars.allSatisfy { $0.value >= 32 })
        let shell = try ProgramRun.run(
            URL(filePath: "/bin/bash"), ["-c", "printf '%s|' \(quoted)"], environment: [:], folder: nil, timeLimit: 10)
        #expect(shell.output.utf8.elementsEqual((word + "|").utf8))
    }

    @Test(
        "A shell reads every word as it was",
        arguments: ["", "a b", "=ls", "it's", "\"$x\" `y` \\", "*?[~]", "größe", "-n", "!", "it'\u{301}s; '\u{FE0F}"])
    func quoting(word: String) throws {
        let command = "printf '%s|' " + ShellText.line(["x", word])
        let shell = try ProgramRun.run(URL(filePath: "/bin/sh"), ["-c", command], environment: [:], folder: nil, timeLimit: 10)
        #expect(shell.output.utf8.elementsEqual("x|\(word)|".utf8))
        // zsh replaces a word that begins so by the path of a program.
        #expect(!word.hasPrefix("=") || command.hasSuffix(" '\(word)'"))
    }
}
