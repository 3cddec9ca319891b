import Foundation
import TestSupport
import Testing

/// Generates from prompts of all kinds, and checks when output is written.
@Suite("generate")
struct GenerateTests {
    /// The bytes that a command writes to standard output.
    private func bytes(_ command: String, location: SourceLocation = #_sourceLocation) throws -> [UInt8] {
        let name = "output-\(UUID().uuidString)"
        let outcome = try SmallModels.shell("\(command) > \(name)")
        #expect(outcome.status == 0, "\(outcome)", sourceLocation: location)
        return Array(try Data(contentsOf: SmallModels.folder.appending(path: name)))
    }

    private func generate(_ unit: String, _ options: String) throws -> ProgramRun {
        try SmallModels.shell("$R generate --checkpoint \(unit)/best.safetensors --length 5 \(options)")
    }

    @Test("A byte model reads and writes bytes unchanged, without an added line end")
    func rawBytes() throws {
        let command = "$R generate --checkpoint byte/best.safetensors --length 400 --temperature 3 "
        let odd: [UInt8] = [0xFF, 0xC3, 0x28, 0x80, 0xE2, 0x82]
        let forms = [
            "--prompt \"$(printf '\\377\\303(\\200\\342\\202')\"", "--prompt=\"$(printf '\\377\\303(\\200\\342\\202')\"",
        ]
        for form in forms {
            let text = try bytes(command + form)
            #expect(text.count == 406 && text.starts(with: odd))
            #expect(String(validating: text[6...], as: UTF8.self) == nil, "drawn bytes are not all UTF-8 at this temperature")
        }
        // Open MPI gives the rank a terminal, although the output is a file.
        let launched = "OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 mpirun -n 1 " + command
        #expect(try bytes(launched + "--length 20") == bytes(command + "--length 20"))
        let piped = try bytes("printf '\\377\\000\\n' | " + command + "--prompt -")
        #expect(piped.count == 403 && piped.starts(with: [0xFF, 0x00, 0x0A]))
    }

    @Test("A prompt that is not UTF-8 is refused for a model of characters")
    func invalidPrompt() throws {
        let prompt = try generate("char", "--prompt \"$(printf 'the \\377')\"")
        #expect(prompt.status == 65 && prompt.errors.contains("the prompt: invalid UTF-8 at byte 4"), "\(prompt)")
    }

    @Test("A prompt may begin with a dash, resemble an option, be empty, or come from standard input")
    func prompts() throws {
        #expect(try generate("byte", "--prompt '- the'").output.hasPrefix("- the"))
        #expect(try generate("byte", "--prompt --greedy").output.hasPrefix("--greedy"))
        #expect(try generate("byte", "--prompt -h").output.hasPrefix("-h"))
        #expect(try generate("byte", "--prompt='a=b'").output.hasPrefix("a=b"))
        #expect(try generate("byte", "--prompt ''").output == generate("byte", "").output)
        let piped = try SmallModels.shell(
            "printf 'the cat\\n' | $R generate --checkpoint char/best.safetensors --length 5 --prompt -")
        #expect(piped.output.hasPrefix("the cat\n") && piped.status == 0, "\(piped)")
        let closed = try generate("char", "--prompt - <&-")
        #expect(
            closed.status == 66 && closed.errors.contains("the standard input cannot be read: Bad file descriptor."), "\(closed)")
        #expect(try generate("char", "--prompt").errors.contains("missing value for '--prompt <text>'"))
    }

    @Test("A temperature of 0 selects the most probable token")
    func zeroTemperature() throws {
        for unit in ["word", "char", "byte"] {
            let cold = try generate(unit, "--temperature 0 --length 40")
            #expect(try cold.status == 0 && cold.output == generate(unit, "--greedy --length 40").output, "\(cold)")
        }
        #expect(
            try generate("char", "--temperature -0.5").errors.contains(
                "--temperature is -0.5; it must be a number from 1e-30 to 1e30, or 0 for the most probable token."))
    }

    @Test("Unknown characters are an error with position and option, or are skipped with a note")
    func unknownCharacters() throws {
        let refused = try generate("char", "--prompt 'the größ€ €'")
        #expect(refused.status == 65 && refused.output.isEmpty, "\(refused)")
        #expect(
            refused.errors.contains("the prompt: the character \"€\" (U+20AC) at byte 10 is not in the vocabulary of the model. ")
        )
        #expect(refused.errors.contains("--skip-unknown"))
        let skipping = try generate("char", "--prompt 'the größ€ €' --skip-unknown")
        #expect(skipping.status == 0 && skipping.output.hasPrefix("the größ "), "\(skipping)")
        #expect(
            skipping.errors == "rnntrain: note: 2 of 11 characters of the prompt are not in the vocabulary and are skipped; "
                + "the first is \"€\" at byte 10.\n")
    }

    @Test("Unknown words become <unk>, with a note")
    func unknownWords() throws {
        let outcome = try generate("word", "--prompt 'the dog'")
        #expect(outcome.status == 0 && outcome.output.hasPrefix("the <unk> "), "\(outcome)")
        #expect(
            outcome.errors == "rnntrain: note: 1 of 2 words of the prompt is not in the vocabulary and is read as <unk>; "
                + "the first is \"dog\" at byte 4.\n")
        let long = try generate("word", "--prompt $(printf 'x%.0s' $(seq 5000))")
        #expect(long.status == 0 && long.errors.utf8.count < 300, "\(long.errors.prefix(400))")
        #expect(try generate("word", "--prompt 'the <unk>'").errors.isEmpty)
    }

    @Test("A run's folder selects its best model, or its newest checkpoint if there is none, with a note")
    func runFolder() throws {
        let best = try generate("char", "")
        let folder = try SmallModels.shell("$R generate --checkpoint char --length 5")
        #expect(folder.output == best.output && folder.status == 0, "\(folder)")
        #expect(folder.errors == "rnntrain: note: --checkpoint char is a run folder; using char/best.safetensors.\n")
        let newest = try SmallModels.shell(
            "mkdir early && cp -r char/checkpoints early && $R generate --checkpoint early --length 5; "
                + "for n in early/checkpoints/*; do printf '\\377' | dd of=$n bs=1 seek=5000 conv=notrunc 2> /dev/null; done; "
                + "$R generate --checkpoint early")
        #expect(newest.errors.contains("note: --checkpoint early is a run folder; using early/checkpoints/step-"), "\(newest)")
        #expect(newest.status == 65 && newest.errors.contains("no valid checkpoint"), "\(newest)")
        let empty = try SmallModels.shell("mkdir empty; $R generate --checkpoint empty")
        #expect(empty.status == 66 && empty.errors.contains("empty: no checkpoint in this folder: "), "\(empty)")
    }

    @Test("Text is written immediately and in complete characters")
    func ended() throws {
        for unit in ["char", "word"] {
            let run = try SmallModels.shell(
                "$R generate --checkpoint \(unit)/best.safetensors --length 50000000 > \(unit)-long.txt & p=$!; "
                    + "for i in $(seq 200); do [ $(wc -c < \(unit)-long.txt) -gt 8192 ] && break; sleep 0.1; done; kill $p; wait $p"
            )
            #expect(run.status == 128 + SIGTERM, "\(run)")
            let text = try Data(contentsOf: SmallModels.folder.appending(path: "\(unit)-long.txt"))
            #expect(text.count > 8192 && String(validating: text, as: UTF8.self) != nil)
        }
    }

    @Test("The command ends silently when its reader exits")
    func head() throws {
        let run = try SmallModels.shell("$R generate --checkpoint char/best.safetensors --length 50000000 | head -c 100 | wc -c")
        #expect(
            run.status == 0 && run.errors.isEmpty && run.output.trimmingCharacters(in: .whitespacesAndNewlines) == "100", "\(run)"
        )
    }
}
