import Foundation
import TestSupport
import Testing

/// Beam search, stop strings and several samples.
@Suite("generate: beams, stops and samples")
struct BeamTests {
    private func generate(_ unit: String, _ options: String) throws -> String {
        let outcome = try SmallModels.shell("$R generate --checkpoint \(unit)/best.safetensors \(options)")
        #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
        return outcome.output
    }

    @Test("A beam of one text is the greedy text", arguments: ["word", "char", "byte"])
    func greedy(unit: String) throws {
        for options in ["--length 40", "--length 20 --prompt 'the cat '", "--length 12 --samples 1 --prompt the"] {
            #expect(try generate(unit, options + " --beam 1") == generate(unit, options + " --greedy"), "\(options)")
        }
    }

    @Test("So it is if logits differ by less than a rounding of their log probabilities")
    func nearlyEqualLogits() throws {
        let flat = "--tokens char --init uniform --init-scale 1e-6 --optimizer sgd --learning-rate 1e-20 --epochs 1"
        let run = try SmallModels.shell(
            "$R --train train.txt --valid valid.txt --run flat --hidden-size 16 --embedding-size 16 \(flat)")
        try #require(run.status == 0, "\(run)")
        for options in ["--length 40", "--length 20 --prompt 'the cat '"] {
            #expect(try generate("flat", options + " --beam 1") == generate("flat", options + " --greedy"), "\(options)")
        }
    }

    @Test("A note tells that fewer texts exist than --samples asks for")
    func fewTexts() throws {
        let outcome = try SmallModels.shell("$R generate --checkpoint word/best.safetensors --samples 10 --beam 10 --length 1")
        // Six words and the line end: <unk> is never generated.
        #expect(outcome.status == 0 && outcome.output.count { $0 == "\n" } == 7, "\(outcome)")
        #expect(outcome.errors.contains("note: --samples 10: only 7 lines of at most 1 token exist."), "\(outcome)")
    }

    @Test("A beam excludes --greedy and temperature 0, and a value may begin with dashes")
    func contradictions() throws {
        for (options, message) in [
            ("--greedy --beam 2", "--greedy and --beam exclude each other. Omit one of them."),
            ("--temperature 0 --beam 2", "--temperature 0 (as --greedy) and --beam exclude each other. Omit one of them."),
            (
                "--samples 2 --separator --end",
                "missing value for '--separator <text>'. If '--end' is the value, write --separator=--end."
            ),
        ] {
            let outcome = try SmallModels.shell("$R generate --checkpoint word \(options)")
            #expect(outcome.status == 64 && outcome.output.isEmpty && outcome.errors.contains(message), "\(outcome)")
        }
        for separator in ["---", "--=", "-1"] {
            let text = try generate("word", "--samples 2 --length 5 --separator \(separator)")
            #expect(text.split(separator: "\n").contains { $0 == separator }, "\(text)")
        }
    }

    @Test("A wide beam finds the best lines of all, by log P or normalised by length", arguments: [0, 0.7, 10])
    func exhaustive(penalty: Double) throws {
        let words = ["the", "cat", "sat", "größe", "on", "mat"]
        let pairs = words.flatMap { first in words.map { "\(first) \($0)" } }
        let lines = [""] + words + pairs
        let text = lines.map { $0 + "\\n" }.joined()
        let scored = try SmallModels.shell("printf '\(text)' | $R score --checkpoint word --data - --base e")
        var sums = [Double](repeating: 0, count: lines.count)
        for row in scored.output.split(separator: "\n").dropFirst() {
            let fields = row.split(separator: "\t").map(String.init)
            let (line, position) = (Int(fields[0]) ?? 0, Int(fields[1]) ?? 0)
            // A line of two words is cut off before its end.
            if position <= 2 { sums[line - 1] += Double(fields[3]) ?? 0 }
        }
        // Wu et al. 2016: an empty line has one token, its end; the others have two.
        for (index, line) in lines.enumerated() { sums[index] /= pow((line.isEmpty ? 6 : 7) / 6, penalty) }
        let best = lines.indices.sorted { sums[$0] < sums[$1] }.prefix(5).map { lines[$0] + "\n" }
        let option = penalty == 0 ? "" : " --length-penalty \(penalty)"
        #expect(try generate("word", "--length 2 --samples 5 --beam 50\(option)") == best.joined())
        #expect(try generate("word", "--length 2 --samples 1 --beam 50\(option)") == best[0])
    }

    @Test("A length penalty lets longer lines win; 0 is no penalty")
    func lengthPenalty() throws {
        let options = "--samples 1 --beam 20 --length 30"
        let short = try generate("word", options)
        #expect(try generate("word", "\(options) --length-penalty 0") == short)
        #expect(try generate("word", "\(options) --length-penalty 5").count > short.count)
    }

    @Test("A text ends before a stop string, which is not written", arguments: ["word", "char", "byte"])
    func stops(unit: String) throws {
        let whole = try generate(unit, "--length 200 --seed 3")
        for stop in ["mat", "at o", "ö"] {
            let text = try generate(unit, "--length 200 --seed 3 --stop nothing --stop '\(stop)'")
            let start = whole.range(of: stop).map { String(whole[..<$0.lowerBound]) } ?? whole
            let expected = unit == "byte" || start.hasSuffix("\n") || start.isEmpty ? start : start + "\n"
            #expect(text == expected, "\(stop)")
        }
        #expect(try generate(unit, "--length 200 --seed 3 --stop zzz") == whole)
    }

    @Test("Several texts are independent of one another and separated by a line")
    func samples() throws {
        let three = try generate("char", "--length 30 --samples 3 --separator '##' --seed 5").components(separatedBy: "##\n")
        #expect(three.count == 3 && Set(three).count == 3 && three.allSatisfy { $0.hasSuffix("\n") }, "\(three)")
        #expect(try three[0] == generate("char", "--length 30 --seed 5"))
        let beams = try generate("char", "--length 10 --samples 2 --separator '==' --beam 4").components(separatedBy: "==\n")
        #expect(beams.count == 2 && beams[0] != beams[1])
    }

    @Test("A text of a model of lines goes on over line ends as lines do: each begins from the initial state, after a line end")
    func textsOfLines() throws {
        let run = try SmallModels.shell(
            "$R --train train.txt --valid valid.txt --run lines --hidden-size 16 --embedding-size 16 --tokens char --batching sentences "
                + "--batch-size 8 --init uniform --init-scale 1 --optimizer sgd --learning-rate 1e-20 --epochs 1")
        try #require(run.status == 0, "\(run)")
        for choice in ["--seed 1", "--seed 2", "--seed 3", "--beam 3"] {
            let line = try generate("lines", "--length 30 --prompt the \(choice)")
            let alone = try generate("lines", "--length 30 --samples 1 --separator @ --prompt the \(choice)")
            #expect(line.contains("\n") && alone.prefix(while: { $0 != "\n" }) == line.prefix(while: { $0 != "\n" }), "\(choice)")
            let second = try generate(
                "lines", "--length 30 --samples 1 --separator @ --prompt \"$(printf 'cat\\nthe')\" \(choice)")
            #expect(second == "cat\n" + alone, "\(choice)")
        }
    }

    @Test("Options that do not fit together are refused")
    func usage() throws {
        for options in [
            "--separator x", "--stop ''", "--beam 0", "--beam 2 --samples 3", "--beam x", "--length-penalty 1",
            "--beam 2 --length-penalty -1",
        ] {
            let outcome = try SmallModels.shell("$R generate --checkpoint word \(options)")
            #expect(outcome.status == 64 && outcome.output.isEmpty, "\(options): \(outcome)")
        }
    }
}
