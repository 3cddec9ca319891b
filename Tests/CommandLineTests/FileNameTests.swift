import Foundation
import TestSupport
import Testing

@Suite("Names of files that are no UTF-8")
struct FileNameTests {
    private let texts: TrainingFolder

    init() throws {
        texts = try TrainingFolder(lines: 50, validLines: 10)
    }

    private static let model = "--hidden-size 4 --embedding-size 4 --batch-size 4 --bptt 20 --minimum-count 1"

    /// Runs a script of bash, in which R is the program, O the options of a small model, and N and T are names with bytes that are no UTF-8.
    private func bash(_ script: String) throws -> ProgramRun {
        let names = #"N=$'r\377\303x'; T=$'t\376.txt'; [ -e "$T" ] || cp train.txt "$T"; "#
        return try ProcessRunner.run(
            "/bin/bash", ["-c", names + script], in: texts.folder,
            environment: ["R": ProcessRunner.program, "O": Self.model], limit: 120)
    }

    @Test("A run with such names trains, stops, resumes with the printed command, and is used by all commands")
    func run() throws {
        let first = try bash(#"$R --train "$T" --valid valid.txt $O --run "$N" --epochs 100000 --time-limit 2s"#)
        #expect(first.status == 75 && first.output.contains(#"  run      r\xFF\xC3x"#), "\(first)")
        let line = try #require(first.lines.first { $0.hasPrefix("  resume ") })
        let resumed = try bash(line.dropFirst("  resume ".count) + " --time-limit 2s")
        #expect(resumed.status == 75 && resumed.output.contains(#"r\xFF\xC3x, resumed after step "#), "\(resumed)")
        for command in [
            #"evaluate --checkpoint "$N" --data "$T""#, #"generate --checkpoint "$N/best.safetensors" --length 5"#,
            #"verify "$N""#,
            #"report "$N" --output $'p\377.html' && [ -f $'p\377.html' ]"#,
            #"ngram --train "$T" --arpa $'n\377.arpa' && $R evaluate --checkpoint $'n\377.arpa' --data "$T""#,
        ] {
            let outcome = try bash("$R \(command)")
            #expect(outcome.status == 0, "\(outcome)")
        }
    }

    @Test("A configuration, a text that is split and a working folder may have such names, also on two ranks")
    func ranks() throws {
        let outcome = try bash(
            #"""
            export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
            echo epochs = 1 > $'c\377.toml'; mkdir $'d\377'; cd $'d\377'
            mpirun --oversubscribe -n 2 $R --config $'../c\377.toml' --text "../$T" $O --run $'\342\202' && cd .. &&
            $R --run $'d\377/\342\202' --resume --epochs 2 && [ -f $'d\377/\342\202/best.safetensors' ]
            """#)
        #expect(outcome.status == 0 && outcome.output.contains("done: 2 epochs"), "\(outcome)")
    }

    @Test("Messages show the bytes of such a name, and a name that looks like the stored form of another is another one")
    func messages() throws {
        let missing = try bash(#"$R evaluate --checkpoint $'nix\377' --data "$T""#)
        #expect(missing.status == 66 && missing.errors.contains(#"error: nix\xFF: no such file"#), "\(missing)")
        let number = try bash(#"$R --epochs $'\377'"#)
        #expect(number.status == 64 && number.errors.contains(#"the value of --epochs is not UTF-8: '\xFF'"#), "\(number)")
        // U+10F7FF is the stored form of the byte FF.
        let both = try bash(
            #"""
            cp train.txt $'x\377'; head -n 9 train.txt > $'x\364\217\237\277'
            for name in $'x\377' $'x\364\217\237\277'; do
                $R --train "$name" --valid valid.txt $O --epochs 1 --run "run-$name" | grep -o 'train [0-9]* tokens'
            done
            """#)
        #expect(both.status == 0 && both.output == "train 500 tokens\ntrain 90 tokens\n", "\(both)")
    }
}
