import Foundation
import TestSupport
import Testing
import TextData

@Suite("The commands report and inspect")
struct InspectTests {
    private struct Inspection: Decodable {
        struct Layer: Decodable {
            struct Spectrum: Decodable {
                let gate: String
                let eigenvalues: [[Double]]
            }
            struct Gate: Decodable {
                let gate: String
                let closed_share: Double
            }
            let hidden_gradient_norms: [Double]
            let state_gradient_norms: [String: [Double]]
            let log_probability_gradient_norms: [Double]
            let spectrum: [Spectrum]
            let gates: [Gate]
        }
        struct Unit: Decodable {
            struct Place: Decodable {
                struct Next: Decodable { let token: String }
                let token: String
                let activation: Double
                let next: [Next]
            }
            let places: [Place]
        }
        let tokens: Int
        let layers: [Layer]
        let unit: Unit?
    }

    @Test("inspect prints the same figures as JSON, for words, characters and bytes", arguments: ["word", "char", "byte"])
    func inspect(run: String) throws {
        let outcome = try SmallModels.shell(
            "$R inspect --checkpoint \(run) --data valid.txt --tokens 40 --lags 5 --unit 1:7 --json 2> /dev/null")
        let found = try JSONDecoder().decode(Inspection.self, from: Data(outcome.output.utf8))
        #expect(found.tokens == 40 && found.layers.count == 2)
        for layer in found.layers {
            #expect(layer.hidden_gradient_norms.count == 5 && layer.log_probability_gradient_norms.count == 5)
            #expect(layer.state_gradient_norms.mapValues(\.count) == ["c": 5])
            #expect(layer.spectrum.map(\.gate) == ["i", "f", "g", "o"] && layer.gates.map(\.gate) == ["i", "f", "o"])
            #expect(layer.spectrum.allSatisfy { $0.eigenvalues.count == 8 })
        }
        let places = try #require(found.unit?.places)
        #expect(places.count == 40 && places.allSatisfy { $0.next.count == 5 && abs($0.activation) < 1 })
        #expect(places[0].token == (run == "word" ? "the" : "t") || places.contains { $0.token == "the" || $0.token == "t" })
        let tables = try SmallModels.shell("$R inspect --checkpoint \(run) --data valid.txt --tokens 40 --lags 5 --unit 1:7")
        #expect(tables.status == 0 && !tables.output.contains("\u{1B}"))
        #expect(tables.output.contains("unit 1:7: h after each token"))
        #expect(tables.output.contains("; means over 6 windows of 7 tokens\n") && !tables.output.contains("\n  6  "))
        #expect(tables.errors.hasSuffix("note: valid.txt: 40 tokens, 0 OOV\n"), "\(tables)")
        #expect(tables.output.contains("dh/dh l0  dh/dh l1  dh/dc l0  dh/dc l1  dlogp/dh l0  dlogp/dh l1\n"), "\(tables)")
    }

    @Test("A unit, a number or a text that does not fit is an error of one line")
    func refusals() throws {
        for (options, status, says) in [
            ("--data valid.txt --unit 2:0", 64, "the layers 0 to 1 with the units 0 to 7"),
            ("--data valid.txt --unit 1:8", 64, "the layers 0 to 1 with the units 0 to 7"),
            ("--data valid.txt --unit 1", 64, "'--unit"), ("--data valid.txt --lags 0", 64, "--lags is 0"),
            ("--data valid.txt --tokens 1", 64, "--tokens is 1"), ("--data none.txt", 66, "none.txt"),
        ] as [(String, Int32, String)] {
            let outcome = try SmallModels.shell("$R inspect --checkpoint char \(options)")
            #expect(outcome.status == status && outcome.errors.contains(says), "\(options): \(outcome)")
            #expect(outcome.output.isEmpty)
        }
    }

    @Test("inspect --correlate orders all units, and a page shows the first one", arguments: ["word", "char"])
    func correlate(run: String) throws {
        struct Found: Decodable {
            struct Correlations: Decodable {
                struct Unit: Decodable {
                    let layer: Int, index: Int, correlation: Double
                }
                let property: String
                let units: [Unit]
            }
            let correlations: Correlations
        }
        let scratch = try ScratchFolder()
        let page = scratch.file("page.html")
        let command = "$R inspect --checkpoint \(run) --data valid.txt --tokens 80 --lags 2 --correlate line-length"
        let found = try JSONDecoder().decode(Found.self, from: Data(SmallModels.shell("\(command) --json").output.utf8))
            .correlations
        #expect(found.property == "line-length" && found.units.count == 16)
        let magnitudes = found.units.map { abs($0.correlation) }
        #expect(magnitudes == magnitudes.sorted(by: >) && magnitudes[0] > 0.2 && magnitudes[0] <= 1)
        let first = "\(found.units[0].layer):\(found.units[0].index)"
        let table = try SmallModels.shell("\(command) --html '\(page)'")
        #expect(table.status == 0 && table.output.contains("units by the correlation of h with line-length\n"), "\(table)")
        let html = try String(contentsOfFile: page, encoding: .utf8)
        #expect(html.contains(">Unit \(first)</h2>") && html.contains(">Correlation with line-length</h2>"))
        let constant = try SmallModels.shell("$R inspect --checkpoint \(run) --data valid.txt --correlate quotes")
        #expect(constant.status == 65 && constant.errors.contains("quotes has the same value at all"), "\(constant)")
    }

    @Test("Properties are those of the text: unknown words have their own characters and quotation marks")
    func unknownWords() throws {
        func inspect(_ property: String, _ text: String) throws -> ProgramRun {
            try SmallModels.shell(
                "printf '\(text)' | $R inspect --checkpoint word --data - --lags 1 --json --correlate \(property)")
        }
        let quotes = try inspect("quotes", "the \"cat on sat\" mat\\nthe cat\\n")
        #expect(quotes.status == 0 && quotes.output.contains("\"property\":\"quotes\""), "\(quotes)")
        let (short, long) = try (
            inspect("line-length", "the x cat\\non mat\\n"), inspect("line-length", "the xxxxxxxxx cat\\non mat\\n")
        )
        #expect(short.status == 0 && long.status == 0 && short.output != long.output, "\(short) \(long)")
    }

    @Test("inspect works with cells without recurrence", arguments: ["feed-forward", "average", "concatenation"])
    func withoutRecurrence(cell: String) throws {
        let options = "--cell \(cell) --hidden-size 8 --embedding-size 8 --batch-size 4 --bptt 8 --epochs 1"
        let trained = try SmallModels.shell("$R --train train.txt --valid valid.txt --run inspected-\(cell) \(options)")
        try #require(trained.status == 0, "\(trained)")
        let outcome = try SmallModels.shell("$R inspect --checkpoint inspected-\(cell) --data valid.txt --lags 5")
        #expect(outcome.status == 0 && outcome.output.contains("norms of dh(t)/dh(t-lag)"), "\(outcome)")
    }

    @Test("error-surface prints both paths, writes a page, and refuses numbers that do not fit")
    func errorSurface() throws {
        let scratch = try ScratchFolder()
        let page = scratch.file("surface.html")
        let outcome = try SmallModels.shell("$R error-surface --html '\(page)'")
        let rows = outcome.output.split(separator: "\n").map { $0.split(separator: "\t") }
        #expect(outcome.status == 0 && rows.count == 3 && rows.allSatisfy { $0.count == 7 }, "\(outcome)")
        #expect(rows[1][0] == "without clipping" && rows[2][0] == "clipped to a norm of 0.5")
        let html = try String(contentsOfFile: page, encoding: .utf8)
        #expect(html.contains("<polyline") && html.hasSuffix("</html>\n") && html.utf8.count < 1_000_000)
        let again = try SmallModels.shell("$R error-surface --html '\(page)'")
        #expect(again.status == 64 && again.errors.contains("--force"))
        let json = try SmallModels.shell("$R error-surface --updates 3 --json").output
        #expect(json.hasPrefix("{\"paths\":[{\"path\":\"without clipping\",\"places\":[{\"w\":6.0,\"b\":-2.5,\"error\":"))
        for options in ["--clip 0", "--learning-rate -1", "--steps 0", "--start-w nan"] {
            let refused = try SmallModels.shell("$R error-surface \(options)")
            #expect(refused.status == 64 && refused.output.isEmpty, "\(options): \(refused)")
        }
    }

    @Test("inspect writes a page with the text, and replaces a file only if asked")
    func page() throws {
        let scratch = try ScratchFolder()
        let page = scratch.file("page.html")
        let command = "$R inspect --checkpoint word --data valid.txt --tokens 40 --unit 1:7 --html '\(page)'"
        #expect(try SmallModels.shell(command).status == 0)
        let html = try String(contentsOfFile: page, encoding: .utf8)
        #expect(html.contains(">Unit 1:7</h2>") && html.contains(">größe </span>"))
        let again = try SmallModels.shell(command)
        #expect(again.status == 64 && again.errors.contains("Name another file with --html"))
        #expect(try SmallModels.shell(command + " --force").status == 0)
    }

    @Test(
        "The page of a model of numbers separates them, and that of pieces has the text",
        arguments: SentencePieceLibrary.isInstalled ? ["integers", "sentencepiece"] : ["integers"])
    func pageText(unit: String) throws {
        let text = unit == "integers" ? "10 2 7\n2 10\n" : "the cat\non a mat\n"
        try SmallModels.write("paged-\(unit).txt", String(repeating: text, count: 10))
        let small = "--hidden-size 8 --embedding-size 8 --batch-size 2 --bptt 4 --epochs 1"
        let limit = unit == "integers" ? "" : "--vocabulary-size 30"
        let trained = try SmallModels.shell(
            "$R --train paged-\(unit).txt --valid paged-\(unit).txt --run paged-\(unit) --tokens \(unit) \(limit) \(small)")
        try #require(trained.status == 0, "\(trained)")
        let scratch = try ScratchFolder()
        let inspect = "$R inspect --checkpoint paged-\(unit) --data paged-\(unit).txt --lags 2 --unit 0:0 --html"
        let outcome = try SmallModels.shell("\(inspect) '\(scratch.file("page.html"))'")
        try #require(outcome.status == 0, "\(outcome)")
        let html = try String(contentsOfFile: scratch.file("page.html"), encoding: .utf8)
        let parts = html.components(separatedBy: "<pre class=\"unit\"")
        try #require(parts.count == 2)
        let shown = ("<" + parts[1].components(separatedBy: "</pre>")[0]).replacing(/<[^>]*>/, with: "")
        #expect(shown.hasPrefix(unit == "integers" ? "10 2 7 \n2 10 \n" : text), "\(shown.prefix(200))")
    }

    @Test("report writes a page, replaces a file only if asked, and names a folder without a run")
    func report() throws {
        let scratch = try ScratchFolder()
        let page = scratch.file("page.html")
        func report(_ arguments: String) throws -> ProgramRun {
            try SmallModels.shell("$R report \(arguments) --output '\(page)'")
        }
        #expect(try report("word char").status == 0)
        let html = try String(contentsOfFile: page, encoding: .utf8)
        #expect(html.contains("<title>2 runs - rnntrain</title>") && html.contains("</html>\n"))
        let again = try report("word")
        #expect(again.status == 64 && again.errors.contains("--force"))
        #expect(try String(contentsOfFile: page, encoding: .utf8) == html)
        #expect(try report("word --force").status == 0)
        #expect(try String(contentsOfFile: page, encoding: .utf8).contains("<title>Run word - rnntrain</title>"))
        let none = try report("word '\(scratch.path)' --force")
        #expect(none.status == 66 && none.errors.contains(scratch.path))
        let nGrams = try SmallModels.shell(
            "cd '\(scratch.path)' && printf '\\\\data\\\\\\n' > x.arpa && $R report x.arpa --output x.html")
        #expect(nGrams.status == 64 && nGrams.errors.contains("x.arpa is an ARPA file. A page shows what runs log"), "\(nGrams)")
        let unwritable = try SmallModels.shell("$R report word --output '\(scratch.path)/none/page.html'")
        #expect(unwritable.status == 74, "\(unwritable)")
    }

    @Test(
        "A file to write that --force cannot replace is refused with other advice, also without --force",
        arguments: [
            ("folder", "this is a folder, but OPTION needs a file. Name a file in it."),
            ("/dev/null", "/dev/null is a device, but OPTION needs a regular file. Name a new file with OPTION."),
            ("/dev/full", "/dev/full is a device, but OPTION needs a regular file."),
            ("link", "is a symbolic link, which OPTION does not follow. Name the file that it refers to, or another file."),
            ("absent", "is a symbolic link, which OPTION does not follow."),
            ("pipe", "is a pipe, but OPTION needs a regular file."),
        ])
    func notReplaceable(name: String, advice: String) throws {
        let scratch = try ScratchFolder()
        let path = name.hasPrefix("/") ? name : scratch.file(name)
        _ = try SmallModels.shell(
            "cd '\(scratch.path)' && mkdir folder && : > file && ln -s file link && ln -s none absent && mkfifo pipe")
        let pages = [
            "report word --output", "error-surface --updates 1 --html", "inspect --checkpoint word --data valid.txt --html",
        ]
        let commands = ["ngram --train train.txt --arpa"].map { ($0, "") } + pages.flatMap { [($0, ""), ($0, "--force")] }
        for (command, force) in commands {
            let option = command.split(separator: " ").last.map(String.init) ?? ""
            let outcome = try SmallModels.shell("$R \(command) '\(path)' \(force)")
            let errors = outcome.errors
            #expect(outcome.status == 64 && errors.contains(advice.replacing("OPTION", with: option)), "\(outcome)")
            #expect(!errors.contains("--force") && !errors.contains("Move it away") && outcome.output.isEmpty, "\(outcome)")
        }
    }

    @Test("A page takes no name of a file or folder of a run that has lost some of them")
    func lostFiles() throws {
        let scratch = try ScratchFolder()
        for name in ["config.toml", "lock", "data", "checkpoints", "metrics.jsonl", "checkpoints/step-00099999.safetensors"] {
            let run = scratch.file("run \(name.replacing("/", with: " "))")
            let outcome = try SmallModels.shell(
                "cp -r word '\(run)' && rm -rf '\(run)/lock' '\(run)/\(name)' && $R report word --output '\(run)/\(name)'")
            #expect(outcome.status == 64 && outcome.errors.contains("a run has a file of its own under this name"), "\(outcome)")
        }
    }

    @Test("report warns of a config.toml of another run, which the best model, a checkpoint or the log shows")
    func foreignConfiguration() throws {
        let scratch = try ScratchFolder()
        let run = scratch.file("run")
        let name = "'\(run)/config.toml'"
        let report = "$R report '\(run)' --output '\(scratch.file("page.html"))' --force"
        let copied = try SmallModels.shell("cp -r word '\(run)' && \(report)")
        #expect(copied.status == 0 && copied.errors.isEmpty, "\(copied)")
        for command in ["cp char/config.toml \(name)", "rm '\(run)/best.safetensors'"] {
            let warned = try SmallModels.shell("\(command) && \(report)")
            #expect(
                warned.status == 0 && warned.errors.contains("run/config.toml: its tokens is word, but the file has char"),
                "\(warned)")
        }
        let words = "sed 's/^seed = .*/seed = 77/' word/config.toml > \(name) && rm -r '\(run)/checkpoints'"
        let seeded = try SmallModels.shell("\(words) && \(report)")
        #expect(seeded.status == 0 && seeded.errors.contains("its seed is 1, but the file has 77"), "\(seeded)")
    }
}
