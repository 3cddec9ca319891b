import Foundation
import TestSupport
import TextData
import Testing

@Suite("Word vectors")
struct WordVectorTests {
    private func read(_ file: String, _ text: String = "the cat sat\nthe mat\n", size: Int = 2) throws -> WordVectors {
        let scratch = try ScratchFolder()
        try scratch.write(file, to: "v.txt")
        let path = scratch.folder.appendingPathComponent("v.txt").path
        return try WordVectors(path: path, vocabulary: vocabulary(text, .word), size: size)
    }

    private func vectors(_ file: String) throws -> [String: [Float]] {
        let vocabulary = try vocabulary("the cat sat\nthe mat\n", .word)
        let read = try read(file)
        return Dictionary(
            uniqueKeysWithValues: read.symbols.enumerated().map {
                (vocabulary.symbol(of: $1), Array(read.values[($0 * 2)..<($0 * 2 + 2)]))
            })
    }

    @Test("Files of word2vec, fastText and GloVe are read, and the first of several lines of a word counts")
    func forms() throws {
        let expected: [String: [Float]] = ["the": [0.25, -1], "mat": [3, 4e-2]]
        let body = "the 0.25 -1\ndog 1 2\nmat 3 4e-2\nthe 9 9\n"
        for file in [
            body, "4 2\n" + body, "4 2\r\n" + body.replacing("\n", with: "\r\n"), body.replacing(" ", with: "\t"),
            body + "cat . . 1 2 ", "cat . . 1 2\n" + body,
        ] {
            #expect(try vectors(file) == expected, "\(file)")
        }
        #expect(try vectors(body.replacing("dog", with: "</s>"))["<eos>"] == [1, 2])
        #expect(try vectors("\u{FEFF}the 0.25 -1 \nmat 3 4e-2")["the"] == [0.25, -1], "blanks at the end, no last line end")
        #expect(try vectors(" the 0.25 -1\n\t mat 3 4e-2\n  7 8\n") == expected, "a word after blanks, the vector of a blank")
    }

    @Test("The share of the vocabulary and of the text is told, and the rows are those of the symbols")
    func share() throws {
        let vocabulary = try vocabulary("the cat sat\nthe mat\n", .word)
        let read = try read("the 1 2\nsat 3 4\n")
        #expect(
            read.notice(vocabulary).hasSuffix(
                "has 2 of 6 entries of the vocabulary (33.33 %), which are 42.86 % of the training text"))
        var table = [Float](repeating: -1, count: 12)
        table.withUnsafeMutableBufferPointer { read.copy(to: $0.baseAddress!) }
        let row = { (word: String) in Int(vocabulary.id(of: word)!) * 2 }
        #expect(table[row("the")..<row("the") + 2] == [1, 2] && table[row("sat")..<row("sat") + 2] == [3, 4])
        #expect(table.count { $0 == -1 } == 8)
    }

    @Test("What makes a file doubtful is told; words with blanks are not")
    func warnings() throws {
        let cases = [
            ("the 1 2\ncat 3 4\n", []), ("the 1 2\n. . 3 4\nname of 3 4\n", []),
            ("The 1 2\n", ["has no word of the vocabulary"]),
            ("the 1 2\nthe 3 4\nthe 3 4\ndog 1 2\ndog 1 2\n", ["has several vectors for 1 word of the vocabulary"]),
            ("the 1 2\ndog 3 4 5\ncat 3 4 5\n", ["2 lines with more than 2 numbers after the word (first: line 2) are not used"]),
            ("the 1 2\nmat 3 4", ["the last line has no line end"]),
        ]
        for (file, expected) in cases {
            let found = try read(file).warnings
            #expect(found.count == expected.count && zip(found, expected).allSatisfy { $0.contains($1) }, "\(file): \(found)")
        }
    }

    @Test("Another size, a damaged vector and a file without vectors are errors that say where")
    func damage() throws {
        let cases = [
            (
                "the 1 2 3\n",
                "line 1 has 3 numbers after its word, but --embedding-size is 2. Use --embedding-size 3, or another file"
            ),
            ("3 5\nthe 1 2 3 4 5\n", "line 2 has 5 numbers"),
            ("dog 1 2\nthe 1 x\n", "line 2 does not have 2 numbers after its word"),
            ("dog 1 2\nthe 1\n", "line 2 has 1 number after its word"), ("the 1 nan\n", "line 1 does not have 2 numbers"),
            ("the 1 1e99\n", "line 1 does not"), ("the\n", "line 1 is not a word and its numbers"), ("5 2\n", "it has no vector"),
            ("\n", "it has no vector"),
            ("5 2\nthe 1 2\n", "the first line declares 5 vectors, but the file has 1. Its end is missing"),
            ("1 2\nthe 1 2\nof 1 2\n", "the first line declares 1 vector, but the file has 2. Correct the first line"),
            ("2 3\nthe 1 2\nof 1 2\n", "the first line declares vectors of 3 numbers, but line 2 has 2"),
            ("99999999999999999999 2\nthe 1 2\n", "but the file has 1"),
            ("the 1 2\nof 1\nmat 1 2\n", "line 2 has 1 number after its word, but the vectors have 2"),
            ("the 1 2\nof 1 2\nma", "line 3 has 0 numbers after its word"),
            ("the 0x1 2\n", "line 1 does not have 2 numbers"), ("dog 1 2\nthe 0x1 2\n", "line 2 does not have 2 numbers"),
            ("dog 1 2\nthe 1 inf\n", "line 2 does not have 2 numbers"),
            ("= Valkyria Chronicles III =\n", "line 1 is not a word and its numbers"),
        ]
        for (file, message) in cases {
            let error = textDataError { _ = try read(file) }
            #expect(
                error?.exitStatus == .badData && error?.description.contains(message) == true,
                "\(file): \(String(describing: error))")
        }
        #expect(textDataError { _ = try read("") }?.exitStatus == .badData)
        let missing = textDataError { _ = try WordVectors(path: "none.txt", vocabulary: vocabulary("a b", .word), size: 2) }
        #expect(missing?.exitStatus == .inputMissing)
    }
}
