import Foundation
import TestSupport
import Testing

@Suite("What inspect shows of a run, and where")
struct InspectedRunTests {
    private func train(_ run: String, _ options: String) throws {
        let small = "--hidden-size 8 --embedding-size 8 --batch-size 4 --bptt 8 --epochs 1 --layers 1"
        let trained = try SmallModels.shell("$R --train train.txt --valid valid.txt --run \(run) \(small) \(options)")
        try #require(trained.status == 0, "\(trained)")
    }

    private func inspect(_ checkpoint: String, _ options: String = "") throws -> ProgramRun {
        let outcome = try SmallModels.shell("$R inspect --checkpoint \(checkpoint) --data valid.txt --lags 3 \(options)")
        #expect(outcome.status == 0, "\(outcome)")
        return outcome
    }

    @Test("A checkpoint of a rule that averages the parameters is inspected with the average, as best.safetensors is")
    func average() throws {
        try train("averaged", "--cell gru --optimizer asgd --learning-rate 2")
        let names = try FileManager.default.contentsOfDirectory(
            atPath: SmallModels.folder.appending(path: "averaged/checkpoints").path)
        let newest = try #require(names.max())
        let (best, last) = (try inspect("averaged"), try inspect("averaged/checkpoints/\(newest)"))
        #expect(!best.output.isEmpty && best.output == last.output)
    }

    @Test("A warning says that a model of lines reads the text as one stream; after an empty line, one line is read as by score")
    func lines() throws {
        try train("of-lines", "--batching sentences")
        try train("of-streams", "")
        #expect(
            try inspect("of-lines").errors.contains(
                "warning: of-lines/best.safetensors: the model was trained with --batching sentences"))
        #expect(!(try inspect("of-streams").errors.contains("--batching sentences")))
        struct Inspected: Decodable {
            struct Place: Decodable {
                struct Next: Decodable { let token: String; let probability: Double }
                let token: String
                let next: [Next]
            }
            struct Unit: Decodable { let places: [Place] }
            let unit: Unit
        }
        try SmallModels.write("one-line.txt", "\nthe cat sat on\n")
        let text = try SmallModels.shell("$R inspect --checkpoint of-lines --data one-line.txt --lags 1 --unit 0:0 --json").output
        let places = try JSONDecoder().decode(Inspected.self, from: Data(text.utf8)).unit.places
        let scores = try SmallModels.shell("printf 'the cat sat on\n' | $R score --checkpoint of-lines --data - --base e").output
        let rows = scores.split(separator: "\n").dropFirst().map { $0.split(separator: "\t") }
        var compared = 0
        for (place, row) in zip(places, rows) {
            guard let next = place.next.first(where: { $0.token == row[2] }), let surprisal = Double(row[3]) else { continue }
            #expect(abs(next.probability - exp(-surprisal)) < 1e-6, "\(row)")
            compared += 1
        }
        #expect(compared > 0, "\(text.prefix(1500)) \(scores)")
    }

    @Test(
        "The spectrum has the letters of the gates, and the bound of the gradient only where it holds",
        arguments: [
            ("elman", "", ["h"], true), ("elman-pre", "", ["h"], true), ("elman", "--time-skips 2", ["h"], false),
            ("elman", "--transition-mlp 8", [], false), ("jordan", "", [], false),
            ("leaky", "", ["h"], false), ("lstm", "", ["i", "f", "g", "o"], false),
            ("lstm", "--layer-norm", ["i", "f", "g", "o"], false), ("mogrifier", "", ["i", "f", "g", "o"], false),
            ("slstm", "", ["i", "f", "z", "o"], false),
        ] as [(String, String, [String], Bool)])
    func spectrum(cell: String, option: String, letters: [String], isBounded: Bool) throws {
        let run = "spectrum-\(cell)\(option.split(separator: " ").joined())"
        try train(run, "--cell \(cell) \(option)")
        let text = try inspect(run).output
        #expect(text.contains("recurrent weights") == !letters.isEmpty, "\(text)")
        #expect(text.contains("(Pascanu et al. 2013)") == isBounded, "\(text)")
        struct Found: Decodable {
            struct Layer: Decodable {
                struct Spectrum: Decodable { let gate: String }
                let spectrum: [Spectrum]
            }
            let layers: [Layer]
        }
        let found = try JSONDecoder().decode(Found.self, from: Data(try inspect(run, "--json").output.utf8))
        #expect(found.layers.map { $0.spectrum.map(\.gate) } == [letters])
    }

    @Test("A page is written also if standard output is full or its reader has gone")
    func unreadOutput() throws {
        let scratch = try ScratchFolder()
        let commands = ["error-surface", "inspect --checkpoint word --data valid.txt --unit 0:3"]
        for (number, command) in commands.enumerated() {
            let (full, closed, status) = (scratch.file("full\(number)"), scratch.file("closed\(number)"), scratch.file("status"))
            let first = try SmallModels.shell("$R \(command) --html '\(full)' > /dev/full")
            #expect(first.status == 74 && first.errors.contains("No space left on device"), "\(first)")
            let quiet = try SmallModels.shell(
                "( sleep 0.3; $R \(command) --html '\(closed)' 2> '\(status)2'; echo $? > '\(status)' ) | true; cat '\(status)'")
            #expect(quiet.output == "141\n", "\(quiet)")
            for page in [full, closed] {
                #expect(try String(contentsOfFile: page, encoding: .utf8).hasSuffix("</html>\n"))
            }
        }
        let neither = try SmallModels.shell("$R error-surface --html /dev/full/page > /dev/full")
        #expect(neither.status == 74 || neither.status == 64, "\(neither)")
    }

    @Test(
        "Only skipped characters before the last token that is read are counted", arguments: [(100, 0), (2_000, 1), (5_000, 3)])
    func skipped(tokens: Int, count: Int) throws {
        let line = "the cat sat on the mat " + String(repeating: "cat ", count: 100)
        try SmallModels.write(
            "greek.txt", String(repeating: line, count: 3) + "Ω" + String(repeating: line, count: 3) + "\n\n" + "ΩΩ\nthe cat\n")
        let outcome = try SmallModels.shell("$R inspect --checkpoint char --data greek.txt --lags 2 --tokens \(tokens)")
        let words = count == 1 ? "skipped 1 character that" : "skipped \(count) characters that"
        #expect(outcome.status == 0 && outcome.errors.contains("skipped") == (count > 0), "\(outcome)")
        #expect(count == 0 || outcome.errors.contains(words), "\(outcome)")
    }
}
