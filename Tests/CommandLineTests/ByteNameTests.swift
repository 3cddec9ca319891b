import Foundation
import TestSupport
import Testing

/// File names are bytes. The names here have a byte that is in no UTF-8 (0xFF) and a cut sequence (0xC3).
@Suite("Names of files that are not UTF-8")
struct ByteNameTests {
    private static let model = "--hidden-size 8 --embedding-size 8 --batch-size 4 --bptt 8"

    /// Runs lines of bash in a folder of their own, with `$R` for the program and `$M` for the options of a small model. The folder has the texts
    /// `t\xFF` and `v\xC3` in `d\xFF\xC3`, and the text `plain`. `$L` is a time limit that leaves time for steps.
    private func bash(_ lines: String, limit: Double = 120) throws -> ProgramRun {
        let models = try SmallModels.folder.path
        let start = """
            set -u; F=$(mktemp -d); trap 'rm -rf "$F"' EXIT; cd "$F" || exit 99; D=$'d\\xFF\\xC3'; mkdir "$D"
            cp '\(models)/train.txt' "$D/"$'t\\xFF'; cp '\(models)/valid.txt' "$D/"$'v\\xC3'; cp '\(models)/train.txt' plain; cp '\(models)/valid.txt' plain2
            T=(--train "$D/"$'t\\xFF' --valid "$D/"$'v\\xC3'); M='\(Self.model)'; RUN="$D/"$'r\\xC3'
            L=\(4 * Sanitizers.patience)s
            P() { mpirun --oversubscribe -n 2 "$@"; }

            """
        return try ProcessRunner.run(
            "/bin/bash", ["-c", start + lines],
            environment: ["R": ProcessRunner.program, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"],
            limit: limit)
    }

    @Test("A run that a time limit ends resumes with the printed command, on one rank and on two", arguments: ["", "P"])
    func resume(launcher: String) throws {
        let outcome = try bash(
            """
            \(launcher) "$R" "${T[@]}" --run "$RUN" $M --epochs 1000000 --time-limit "$L" >out; [ $? = 75 ] || exit 1
            grep -aF '  run      d\\xFF\\xC3/r\\xC3' out >&2 || exit 2
            command=$(sed -n 's/^  resume   //p' out); echo "$command"
            case "$command" in *" --run $'d\\377\\303/r\\303' --resume") ;; *) exit 3;; esac
            eval "$command" >out2; [ $? = 75 ] || exit 4
            grep -aE '^  run      d.xFF.xC3/r.xC3, resumed after step [1-9]' out2 || exit 5
            ls "$D" >&2; [ "$(ls "$D" | wc -l)" = 3 ] && "$R" verify "$RUN" || exit 7
            """)
        #expect(outcome.status == 0, "\(outcome)")
        #expect(!outcome.output.contains("\u{10F7FF}") && !outcome.output.contains("\u{FFFD}"), "\(outcome)")
    }

    @Test("Ctrl-C writes a checkpoint, and names change no digest")
    func interrupt() throws {
        let outcome = try bash(
            """
            "$R" "${T[@]}" --run "$RUN" $M --epochs 1000000 >out & for i in $(seq 300); do grep -aq ' step ' out && break; sleep 0.1; done
            kill -INT $!; wait $!; [ $? = 75 ] || exit 1
            eval "$(sed -n 's/^  resume   //p' out) --epochs 1" >out2 2>&1; grep -a 'resumed after step' out2 || exit 2
            digest() { sed -n 's/^  last .*digest //p' "$1"; }
            "$R" "${T[@]}" --run $'e\\xFF' $M --epochs 3 >out3 && "$R" --train plain --valid plain2 --run e $M --epochs 3 >out4 || exit 3
            [ -n "$(digest out3)" ] && [ "$(digest out3)" = "$(digest out4)" ] || exit 4
            """)
        #expect(outcome.status == 0, "\(outcome)")
    }

    @Test("Every command reads and writes files with such names")
    func commands() throws {
        let outcome = try bash(
            """
            printf 'epochs = 1\\n' >"$D/"$'c\\xFF'
            "$R" --config "$D/"$'c\\xFF' "${T[@]}" --run="$RUN" $M >/dev/null || exit 1
            "$R" evaluate --checkpoint "$RUN" --data "$D/"$'v\\xC3' || exit 2
            "$R" generate --checkpoint="$RUN/best.safetensors" --length 3 || exit 3
            "$R" verify --json "$RUN" >/dev/null && "$R" verify "$RUN" || exit 4
            "$R" report "$RUN" --output $'p\\xFF.html' && [ -s $'p\\xFF.html' ] || exit 5
            grep -q 'Run r\\\\xC3' $'p\\xFF.html' || exit 6
            "$R" ngram --train "$D/"$'t\\xFF' --arpa "$D/"$'a\\xC3' --order 2 || exit 7
            "$R" score --checkpoint "$D/"$'a\\xC3' --data "$D/"$'v\\xC3' --format srilm || exit 8
            "$R" evaluate --checkpoint "$RUN" --data "$D/"$'v\\xC3' --interpolate "$D/"$'a\\xC3' --weight 0.5 || exit 9
            "$R" compare "$RUN" "$D/"$'a\\xC3' --data "$D/"$'v\\xC3' || exit 10
            "$R" inspect --checkpoint "$RUN" --data "$D/"$'v\\xC3' --html $'i\\xFF' >/dev/null && [ -s $'i\\xFF' ] || exit 11
            "$R" --text "$D/"$'t\\xFF' --run $'s\\xFF' $M --epochs 1 || exit 12
            "$R" --run $'s\\xFF' --resume --epochs 2 || exit 13
            "$R" "${T[@]}" --run $'dry\\xFF' --dry-run $M || exit 14
            cd "$D" && "$R" --train $'t\\xFF' --valid $'v\\xC3' --run $'here\\xFF' $M --epochs 1 >/dev/null || exit 15
            "$R" evaluate --checkpoint $'here\\xFF' --data - <$'v\\xC3' || exit 16
            """)
        #expect(outcome.status == 0, "\(outcome)")
        let both = outcome.output + outcome.errors
        #expect(!both.unicodeScalars.contains { $0.value == 0xFFFD || (0x10F780...0x10F7FF).contains($0.value) }, "\(outcome)")
        for shown in [
            "file d\\xFF\\xC3/v\\xC3: ", "p\\xFF.html: a page", "A           d\\xFF\\xC3/r\\xC3/", "d\\xFF\\xC3/a\\xC3: ",
        ] {
            #expect(both.contains(shown), "\(shown): \(outcome)")
        }
    }

    @Test("Commands with labels, lists and pairs read and write files with such names")
    func studies() throws {
        let outcome = try bash(
            """
            printf 'a\\tthe cat\\nb\\tthe mat\\na\\tcat\\n' >$'l\\xFF'; cut -f 2 $'l\\xFF' >$'c\\xFF'
            "$R" --train $'l\\xFF' --valid $'l\\xFF' --run $'b\\xFF' --task classifier $M --epochs 1 --tensorboard || exit 1
            "$R" classify --checkpoint $'b\\xFF' --data $'c\\xFF' || exit 2
            "$R" "${T[@]}" --run "$RUN" $M --epochs 1 >/dev/null || exit 3
            printf 'utt1-1 the cat\\nutt1-2 the mat\\n' >$'n\\xFF'
            "$R" rescore --checkpoint "$RUN" --nbest $'n\\xFF' --format espnet --output $'o\\xC3' && [ -s $'o\\xC3/base/ppl' -o -s $'o\\xC3/ppl' ] || exit 4
            printf '{"sentence_good":"the cat","sentence_bad":"cat the","UID":"u\\U10F7FF"}\\n' >$'p\\xFF'
            "$R" probe --checkpoint "$RUN" --pairs $'p\\xFF' --format blimp | grep -aF $'u\\U10F7FF ' >/dev/null || exit 5
            "$R" ngram --train plain --arpa $'a\\xFF' --vocabulary "$RUN" --order 2 >/dev/null || exit 6
            "$R" evaluate --checkpoint "$RUN" --data plain --interpolate $'a\\xFF' --tune "$D/"$'v\\xC3' || exit 7
            "$R" evaluate --checkpoint "$RUN" --data plain --dynamic --dynamic-rms "$D/"$'t\\xFF' || exit 8
            mkdir $'tmp\\xFF'; TMPDIR=$PWD/$'tmp\\xFF' "$R" benchmark --tokenise "$D/"$'t\\xFF' >/dev/null || exit 9
            RNNTRAIN_LAUNCHER=$'s\\xFF/train' "$R" "${T[@]}" --run $'z\\xFF' $M --epochs 1000000 --time-limit "$L" >out; [ $? = 75 ] || exit 10
            grep -F "  resume   $'s\\\\377/train' -n 1 --run $'z\\\\377' --resume" out || exit 11
            """)
        #expect(outcome.status == 0, "\(outcome)")
        #expect(outcome.errors.contains("n\\xFF: 2 hypotheses") && outcome.errors.contains("c\\xFF: 3 lines"), "\(outcome)")
    }

    @Test("A job whose folder is moved names the new one as a shell reads it")
    func movedFolder() throws {
        let outcome = try bash(
            """
            "$R" "${T[@]}" --run "$RUN" $M --epochs 1000000 >out 2>errors & for i in $(seq 300); do grep -aq ' step ' out && break; sleep 0.1; done
            mv "$RUN" $'m\\xFF'; wait $!; [ $? = 74 ] || exit 1
            options=$(sed -n 's/.*Resume in the new folder: \\(.*\\)\\.$/\\1/p' errors); echo "$options"
            eval "\"$R\" $options --epochs 1" || exit 2
            """)
        #expect(outcome.status == 0 && outcome.output.contains("/m\\377' --resume"), "\(outcome)")
    }

    @Test("A page or a model with such a name never replaces a text of the command")
    func overwriting() throws {
        let outcome = try bash(
            """
            "$R" "${T[@]}" --run "$RUN" $M --epochs 1 >/dev/null || exit 1
            "$R" report "$RUN" --output "$D/"$'v\\xC3' --force; [ $? = 64 ] && cmp plain2 "$D/"$'v\\xC3' || exit 2
            "$R" report "$RUN" --output "$RUN/config.toml" --force; [ $? = 64 ] || exit 3
            """)
        #expect(
            outcome.status == 0 && outcome.errors.contains("--output names the file of --valid of d\\xFF\\xC3/r\\xC3"),
            "\(outcome)")
    }

    @Test("The configuration that --print-config prints names the same files")
    func printedConfiguration() throws {
        let outcome = try bash(
            """
            "$R" "${T[@]}" --run "$RUN" $M --epochs 1 --print-config >c || exit 1
            "$R" --config c >/dev/null && [ -d "$RUN" ] || exit 2
            """)
        #expect(outcome.status == 0, "\(outcome)")
    }

    @Test("Messages show the bytes of a name")
    func messages() throws {
        let outcome = try bash(
            """
            "$R" evaluate --checkpoint $'none\\xFF' --data plain; "$R" verify $'none\\xC3'
            "$R" --train $'none\\xFF' --valid plain --run r; "$R" --train plain --valid plain --run "$D/"$'t\\xFF'/r
            """)
        for shown in ["none\\xFF: no ", "none\\xC3: not a checkpoint", "d\\xFF\\xC3/t\\xFF"] {
            #expect(outcome.errors.contains(shown), "\(shown): \(outcome)")
        }
        #expect(!outcome.errors.contains("\u{10F7FF}") && !outcome.errors.contains("is not UTF-8"), "\(outcome)")
    }

    @Test(
        "A name in UTF-8 that has U+10F7FF is not taken for the byte 0xFF, and a text that has it is unchanged on standard output"
    )
    func ownScalar() throws {
        let outcome = try bash(
            """
            N=$'\\U10F7FF'; mkdir "r$N"; cp plain "t$N"
            "$R" --train "t$N" --valid "t$N" --run "r$N/r" $M --epochs 1 >out || exit 1
            [ -f "r$N/r/config.toml" ] && [ ! -e $'r\\xFF' ] || exit 2
            grep -aF 'r\\xF4\\x8F\\x9F\\xBF/r' out || exit 3
            "$R" --run "r$N/r" --resume --epochs 2 >/dev/null || exit 4
            for i in 1 2 3 4 5 6 7 8 9; do printf '%s\\n' "$N$N$N$N$N$N$N$N$N"; done >text
            "$R" --train text --valid text --run c $M --tokens char --epochs 1 --sample-every 1 >out || exit 5
            grep -a sample: out | grep -aF "$N" >/dev/null || exit 6
            [ "$("$R" generate --checkpoint c --prompt "$N" --greedy --length 1 | head -c 8)" = "$N$N" ] || exit 7
            """)
        #expect(outcome.status == 0, "\(outcome)")
    }

    @Test(
        "A value that is no name is refused with its bytes, and so is an argument of a command that takes none",
        arguments: [
            ("train --epochs $'\\xFF'", "the value of --epochs is not UTF-8: '\\xFF'. Only a prompt and the names of files"),
            ("--epochs=$'1\\xC3'", "the value of --epochs is not UTF-8: '1\\xC3'."),
            ("--tokens $'\\xFF' --run x", "the value of --tokens is not UTF-8: '\\xFF'."),
            ("generate --checkpoint x --stop $'\\xFF'", "the value of --stop is not UTF-8: '\\xFF'."),
            ("--labels $'a,\\xFF' --run x", "the value of --labels is not UTF-8: 'a,\\xFF'."),
            ("--nothing $'\\xFF'", "the value of --nothing is not UTF-8: '\\xFF'."),
            ("$'\\xFF'", "an argument is not UTF-8: '\\xFF'."), ("--resume $'r\\xFF'", "an argument is not UTF-8: 'r\\xFF'."),
            ("evaluate -- $'r\\xFF'", "an argument is not UTF-8: 'r\\xFF'."),
        ])
    func refusals(arguments: String, message: String) throws {
        let outcome = try bash("\"$R\" \(arguments)")
        #expect(outcome.status == 64 && outcome.errors.contains(message), "\(outcome)")
        #expect(outcome.errors.split(separator: "\n").count == 1)
    }
}
