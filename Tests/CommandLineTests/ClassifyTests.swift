import Foundation
import TestSupport
import Testing

/// What `classify` refuses. Its labels are compared with `evaluate` by the tests of classifiers.
@Suite("classify")
struct ClassifyTests {
    @Test("Labels that Swift joins to the blank before them are labels of their own")
    func marks() throws {
        try SmallModels.write("marks.tsv", "\u{1F3FB}\ta b\n\u{1F3FF}\tc d\n\u{1F3FB}\ta c\n\u{1F3FF}\td b\n")
        let small = "--hidden-size 8 --embedding-size 8 --batch-size 2 --epochs 1"
        let trained = try SmallModels.shell("$R --task classifier --train marks.tsv --valid marks.tsv --run marks \(small)")
        #expect(trained.status == 0, "\(trained)")
        let evaluated = try SmallModels.shell("$R evaluate --checkpoint marks --data marks.tsv --json")
        #expect(evaluated.status == 0 && evaluated.output.contains("\"lines\":4"), "\(evaluated)")
    }

    @Test("Control characters of a label are escaped in the table")
    func controlCharacters() throws {
        try SmallModels.write("bells.tsv", "x\u{7}\ta b\ny\u{1B}[1m\tc d\nx\u{7}\ta c\ny\u{1B}[1m\td b\n")
        let small = "--hidden-size 8 --embedding-size 8 --batch-size 2 --epochs 1"
        let trained = try SmallModels.shell("$R --task classifier --train bells.tsv --valid bells.tsv --run bells \(small)")
        try #require(trained.status == 0, "\(trained)")
        try SmallModels.write("bells.txt", "a b\nc d\n")
        let table = try SmallModels.shell("$R classify --checkpoint bells --data bells.txt --probabilities")
        #expect(
            table.lines.first?.hasPrefix(#"line\#tlabel\#tprobability\#tprobability_x\x07\#tprobability_y\x1B[1m\#t"#) == true,
            "\(table)")
        #expect(table.status == 0 && !table.output.contains(/[\u{7}\u{1B}]/), "\(table)")
    }

    @Test("The lines with and without text are those of the text, also if all characters of a line are skipped")
    func skippedLines() throws {
        try SmallModels.write("signs.tsv", "x\tab\ny\tba\nx\taab\ny\tbba\n")
        let small = "--tokens char --hidden-size 8 --embedding-size 8 --batch-size 2 --epochs 1"
        let trained = try SmallModels.shell("$R --task classifier --train signs.tsv --valid signs.tsv --run signs \(small)")
        try #require(trained.status == 0, "\(trained)")
        try SmallModels.write("drawn.txt", "ab\n\n\u{2603}\nb\n\u{2603}a\n")
        let outcome = try SmallModels.shell("$R classify --checkpoint signs --data drawn.txt --skip-unknown")
        #expect(outcome.status == 0 && outcome.lines.count == 6, "\(outcome)")
        #expect(outcome.errors.contains("drawn.txt: 3 lines, "), "\(outcome)")
        #expect(outcome.errors.contains("drawn.txt: 2 lines without text"), "\(outcome)")
    }

    @Test("A language model, n-grams, and a missing text are refused")
    func refusals() throws {
        let network = try SmallModels.shell("$R classify --checkpoint word --data valid.txt")
        #expect(network.status == 64 && network.output.isEmpty, "\(network)")
        #expect(
            network.errors.contains("--task language-model, and gives lines no labels. Use score, evaluate or generate."),
            "\(network)")
        let arpa = try SmallModels.shell(
            "$R ngram --train train.txt --order 2 --arpa two.arpa; $R classify --checkpoint two.arpa --data valid.txt")
        #expect(arpa.status == 64 && arpa.errors.contains("an n-gram model gives lines no labels"), "\(arpa)")
        let missing = try SmallModels.shell("$R classify --checkpoint word --data none.txt")
        #expect(missing.status == 66 && missing.errors.contains("--data"), "\(missing)")
    }
}
