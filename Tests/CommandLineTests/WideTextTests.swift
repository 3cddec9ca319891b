import TestSupport
import Testing

@Suite("Files that are no text in UTF-8, or not of the form of the option")
struct WideTextTests {
    @Test("A text that looks like UTF-16 gives a note", arguments: ["evaluate", "score", "inspect"], ["LE", "BE"])
    func note(command: String, order: String) throws {
        let outcome = try SmallModels.shell(
            "iconv -f UTF-8 -t UTF-16\(order) valid.txt >wide-\(order); $R \(command) --checkpoint word --data wide-\(order)")
        let note = "rnntrain: note: wide-\(order): this looks like UTF-16\(order) without a byte-order mark. Convert it"
        #expect(outcome.errors.contains(note), "\(outcome)")
        #expect(!(try SmallModels.shell("$R \(command) --checkpoint word --data valid.txt")).errors.contains("looks like"))
    }

    /// The second and third part begin after the byte 0A, within a character.
    @Test("The parts of --text have one encoding")
    func parts() throws {
        let outcome = try SmallModels.shell(
            "sed s/größe/size/g train.txt | iconv -f UTF-8 -t UTF-16LE >wide.txt; $R --text wide.txt --run wide --hidden-size 4 --embedding-size 4 --batch-size 2 --bptt 4 --epochs 1"
        )
        let notes = (outcome.output + outcome.errors).matches(of: /looks like (UTF-\S+)/).map { String($0.1) }
        #expect(notes.count == 3 && Set(notes) == ["UTF-16LE"], "\(outcome)")
    }

    @Test("A compressed list, and a checkpoint that is a text, are named as such")
    func formats() throws {
        let list = try SmallModels.shell(
            "printf 'u-1 the cat\\n' | gzip >list.gz; $R rescore --checkpoint word --nbest list.gz --format kaldi")
        #expect(list.status == 65 && list.errors.contains("it is a file of the format gzip. Unpack it (gunzip)."), "\(list)")
        let text = try SmallModels.shell("$R evaluate --checkpoint word/config.toml --data valid.txt")
        #expect(text.status == 65 && text.errors.contains("it begins with text, and not with the length of a header"), "\(text)")
    }

    @Test("A label of --labels that no line has, and one that --labels lacks, are named with what helps")
    func labels() throws {
        let start =
            "awk '{ print (NR % 2 ? \"pos\" : \"neg\") \"\\t\" $0 }' train.txt >polar.txt; $R --task classifier --text polar.txt --run polar --labels"
        let unused = try SmallModels.shell("\(start) 'pos neg neu'")
        #expect(
            unused.status == 65 && unused.errors.contains("If no line of this text has the label, omit it in --labels"),
            "\(unused)")
        let lacking = try SmallModels.shell("\(start) 'pos other'")
        #expect(lacking.status == 65 && lacking.errors.contains("the label neg is not among the labels of the run"), "\(lacking)")
    }
}
