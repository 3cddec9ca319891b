import Assessment
import Testing

@Suite("Rescoring")
struct RescoringTests {
    private static func file(_ text: String, _ name: String = "list") throws -> DataFile {
        try DataFile(name: name, bytes: Array(text.utf8))
    }

    private static let kaldi = "utt-a-1 the cat\nutt-a-2 the mat\nb-1\nb-2  on\tit \n"
    private static let mlm = """
        {"u2": {"hyp_2": {"score": -1.50, "text": "the cat", "x": [1]}, "hyp_10": {"text": "the mat", "score": -2},
                "ref": "the mat"},
         "u1": {"hyp_1": {"score": 3, "text": ""}, "ref": {"text": "a"}}}
        """

    @Test("Lists of Kaldi keep their keys, and costs become scores")
    func kaldi() throws {
        let scores = try Self.file("b-1 3\nutt-a-1 1.5\nutt-a-2\t-2\nb-2 0\n", "scores")
        let list = try NBestFormat.kaldi.list(Self.file(Self.kaldi), scores: scores, beam: 1)
        #expect(list.utterances == ["utt-a", "b"] && list.hypotheses.map(\.utterance) == [0, 0, 1, 1])
        #expect(list.hypotheses.map(\.id) == ["utt-a-1", "utt-a-2", "b-1", "b-2"])
        #expect(
            list.hypotheses.map(\.acoustic) == [-1.5, 2, -3, 0]
                && list.hypotheses.map(\.text) == ["the cat", "the mat", "", "on\tit"])
        #expect(list.hypotheses.map(\.wordCount) == [2, 2, 0, 2])
        let without = try NBestFormat.kaldi.list(Self.file(Self.kaldi), scores: nil, beam: 1)
        #expect(!without.hasAcoustic && list.hasAcoustic)
        let scored = [1.0, 2, 3, 4].map { RescoredHypothesis(logProbability: -$0, tokenCount: 3, unknownCount: 0, total: 1 - $0) }
        #expect(NBestFormat.kaldi.text(list, scored) == "utt-a-1\t0.0\nutt-a-2\t1.0\nb-1\t2.0\nb-2\t3.0\n")
    }

    @Test("Keys and words that differ only in their Unicode form are different")
    func forms() throws {
        let list = try NBestFormat.kaldi.list(Self.file("\u{e9}-1 a\ne\u{301}-1 b\n"), scores: nil, beam: 1)
        #expect(list.utterances.count == 2)
        #expect(WordErrors.errors(of: "caf\u{e9}", reference: "cafe\u{301}") == 1)
        #expect(try NBestFormat.kaldi.references(Self.file("e\u{301} x\n\u{e9} y\n"), for: list) == ["y", "x"])
    }

    @Test("A word that begins with a combining mark is a word, as for the models")
    func marks() throws {
        let list = try NBestFormat.kaldi.list(
            Self.file("u-1 क म\nu-2 क \u{93F} म\nw-1 \u{93E} म\n"), scores: nil, beam: 1)
        #expect(list.hypotheses.map(\.wordCount) == [2, 3, 2] && list.utterances == ["u", "w"])
        let references = try NBestFormat.kaldi.references(Self.file("u क \u{93E} म\nw \u{93E} म\n"), for: list)
        #expect(list.hypotheses.map { WordErrors.errors(of: $0.text, reference: references[$0.utterance]) } == [1, 1, 0])
        let scored = list.hypotheses.map { _ in RescoredHypothesis(logProbability: 0, tokenCount: 1, unknownCount: 0) }
        let rates = Rescoring(list, scores: scored).rates(.acousticOnly, references: references)
        #expect(rates.oracle == WordErrors(errors: 1, words: 5))
    }

    @Test("Lists of ESPnet give the files of its perplexities")
    func espnet() throws {
        let scores = try Self.file("b-1 tensor(-3.5)\nutt-a-1 tensor(1.5, device='cuda:0')\nutt-a-2 -2\nb-2 0\n", "scores")
        let list = try NBestFormat.espnet.list(Self.file(Self.kaldi), scores: scores, beam: 1)
        #expect(list.hypotheses.map(\.acoustic) == [1.5, -2, -3.5, 0] && NBestFormat.espnet.text(list, []) == nil)
        let scored = (0..<4).map { _ in RescoredHypothesis(logProbability: 0, tokenCount: 3, unknownCount: 0, total: 2) }
        let files = NBestFormat.espnetFiles(list, scored)
        #expect(files.map(\.name) == ["utt2ppl", "utt2ntokens", "ppl", "base", "utt2score"])
        #expect(files[0].text == "utt-a-1 1.0\nutt-a-2 1.0\nb-1 1.0\nb-2 1.0\n" && files[2].text == "1.0\n")
        #expect(
            files[1].text.hasPrefix("utt-a-1 3\n") && files[3].text.hasPrefix("2.71828") && files[4].text.hasSuffix("b-2 2.0\n"))
    }

    @Test("Candidates of NeMo form utterances of the beam size")
    func nemo() throws {
        let list = try NBestFormat.nemo.list(Self.file("the cat\t-1.5\na\tb\t2\n\t0\nx\t1e-3\n"), scores: nil, beam: 2)
        #expect(list.utterances == ["1", "2"] && list.hypotheses.map(\.text) == ["the cat", "a\tb", "", "x"])
        #expect(list.hypotheses.map(\.acoustic) == [-1.5, 2, 0, 0.001])
        let scored = (0..<4).map { RescoredHypothesis(logProbability: 0, tokenCount: 1, unknownCount: 0, total: Double($0)) }
        #expect(NBestFormat.nemo.text(list, scored) == "the cat\t0.0\na\tb\t1.0\n\t2.0\nx\t3.0\n")
        #expect(try NBestFormat.nemo.references(Self.file("the cat\n\n"), for: list) == ["the cat", ""])
        #expect(throws: DataFileError.self) { try NBestFormat.nemo.references(Self.file("the cat\n"), for: list) }
    }

    @Test("Lists of mlm-scoring keep names, order and other members")
    func mlmScoring() throws {
        let list = try NBestFormat.mlmScoring.list(Self.file(Self.mlm), scores: nil, beam: 1)
        #expect(list.utterances == ["u2", "u1"] && list.hypotheses.map(\.id) == ["hyp_2", "hyp_10", "hyp_1"])
        #expect(list.references == ["the mat", "a"] && list.hypotheses.map(\.acoustic) == [-1.5, -2, 3])
        let scored = (0..<3).map { RescoredHypothesis(logProbability: -2, tokenCount: 1, unknownCount: 0, total: Double($0)) }
        let text = try #require(NBestFormat.mlmScoring.text(list, scored))
        let document = try JSONParser.parse(text)
        #expect(document.members?.map(\.name) == ["u2", "u1"])
        #expect(
            document["u2"]?["hyp_2"]?.text()
                == "{\"score\": -1.50, \"text\": \"the cat\", \"x\": [1], \"lm_score\": -2.0, \"total_score\": 0.0}")
        #expect(document["u2"]?["ref"]?.string == "the mat" && document["u1"]?["hyp_1"]?["total_score"]?.number == 2)
        let again = try NBestFormat.mlmScoring.list(Self.file(text), scores: nil, beam: 1)
        #expect(NBestFormat.mlmScoring.text(again, scored) == text)
    }

    @Test(
        "A line that is not valid is named",
        arguments: [
            (NBestFormat.kaldi, "a-1 x\nnodash x\n", 2), (.kaldi, "a-1 x\na-1 y\n", 2), (.kaldi, "a-1 x\n-2 y\n", 2),
            (.espnet, "a-1 x\n\n", 2), (.nemo, "x\t1\nx 1\n", 2), (.nemo, "x\t1\nx\t1\nx\t1\n", 3), (.nemo, "x\tnan\n", 1),
            (.mlmScoring, "{\"u\": {\"h\": {\"score\": 1, \"text\": \"a\"},\n\"i\": {\"score\": \"1\", \"text\": \"a\"}}}", 2),
            (.mlmScoring, "{\"u\": {\"ref\": \"a\"}}", 1), (.mlmScoring, "{\"u\":\n{\"h\": {\"score\": 1, \"text\": \"a\"}\n", 2),
            (.mlmScoring, "{\"u\": {\"h\": {\"score\": 1, \"text\": \"a\"},\n\"ref\": 5}}", 2),
            (.mlmScoring, "{\"u\": {\"h\": {\"score\": 1, \"text\": \"a\"},\n\"ref\": {\"text\": 5}}}", 2),
            (.mlmScoring, "{\"u\": {\"h\": {\"score\": 01, \"text\": \"a\"}}}", 1),
            (.mlmScoring, "[]", 1), (.nemo, "x\t0x1\n", 1),
            (
                .mlmScoring,
                "{\"u\": {\"h\": {\"score\": 1, \"text\": \"a\"},\n\"h\": {\"score\": 2, \"text\": \"b\"}}}", 2
            ),
        ])
    func malformed(format: NBestFormat, text: String, line: Int) {
        let error = #expect(throws: DataFileError.self) { try format.list(Self.file(text), scores: nil, beam: 2) }
        #expect(error?.line == line && error?.exitStatus == .badData && error?.advice.isEmpty == false, "\(error as Any)")
    }

    @Test("Scores and references that do not fit the list are named")
    func misfits() throws {
        for scores in ["b-1 3\n", "utt-a-1 x\n", "utt-a-1 0x10\nutt-a-2 1\n", "utt-a-1 inf\n", "utt-a-1 1\nutt-a-1 1\n", "\n"] {
            #expect(throws: DataFileError.self) {
                try NBestFormat.kaldi.list(Self.file(Self.kaldi), scores: Self.file(scores, "scores"), beam: 1)
            }
        }
        let list = try NBestFormat.kaldi.list(Self.file(Self.kaldi), scores: nil, beam: 1)
        #expect(
            try NBestFormat.kaldi.references(Self.file("other x\nb on it\nutt-a the cat\n"), for: list) == ["the cat", "on it"])
        #expect(NBestFormat.kaldi.unmatchedReferences(try Self.file("b x\nutt-a y\n"), for: list) == UnmatchedReferences())
        let error = #expect(throws: DataFileError.self) { try NBestFormat.kaldi.references(Self.file("b x\n"), for: list) }
        #expect(error?.reason.contains("'utt-a'") == true)
    }

    /// Fifty utterances of three hypotheses. The model prefers the right one, the recogniser one with an error.
    private static func synthetic() throws -> (rescoring: Rescoring, references: [String]) {
        var (lines, scores, references, models) = ("", "", [String](), [Double]())
        for utterance in 0..<50 {
            let reference = "w\(utterance) x y"
            references.append(reference)
            let prefersWrong = utterance % 2 == 0
            for (number, text) in [reference, "w\(utterance) x z", "q q"].enumerated() {
                lines += "u\(utterance)-\(number) \(text)\n"
                scores += "u\(utterance)-\(number) \([prefersWrong ? 11 : 10, prefersWrong ? 10 : 11, 30][number])\n"
                models.append([-4, -8, -1][number])
            }
        }
        let list = try NBestFormat.kaldi.list(file(lines), scores: file(scores), beam: 1)
        let scored = models.map { RescoredHypothesis(logProbability: $0, tokenCount: 4, unknownCount: 0) }
        return (Rescoring(list, scores: scored), references)
    }

    @Test("With a known oracle the word error rate falls, and at weight 0 it stays")
    func oracle() throws {
        let (rescoring, references) = try Self.synthetic()
        let still = rescoring.rates(.acousticOnly, references: references)
        #expect(still.acoustic == WordErrors(errors: 25, words: 150) && still.combined == still.acoustic)
        #expect(still.oracle == WordErrors(errors: 0, words: 150))
        let weights = rescoring.tuned(references: references)
        #expect(weights.weight > 0.25 && weights.weight <= 0.3 && weights.lengthBonus == 0, "\(weights)")
        #expect("\(weights.weight)".count <= 4, "two decimals: \(weights)")
        #expect(rescoring.rates(weights, references: references).combined.errors == 0)
        let much = rescoring.rates(RescoringWeights(weight: 100, lengthBonus: 0), references: references)
        #expect(much.combined.errors == 150, "too large a weight takes the third hypothesis")
        let short = rescoring.rates(RescoringWeights(weight: 0, lengthBonus: -50), references: references)
        #expect(short.combined.errors == 150)
    }

    @Test("The finer grid has the weight 0 with bonuses around the best one, although that has another weight")
    func finerGrid() throws {
        // With the weight 0, u is right from a bonus above 0.5 on, and v up to one below 0.8. The grid has (0.2, 0.5), with one error.
        let lines = "u-1 a b\nu-2 a b c d\nu-3 a b c\nv-1 e f\nv-2 e g h\n"
        let costs = "u-1 0\nu-2 1\nu-3 2\nv-1 0\nv-2 0.8\n"
        let list = try NBestFormat.kaldi.list(Self.file(lines), scores: Self.file(costs), beam: 1)
        let scores = [-10.0, -15, -2, -10, -10].map { RescoredHypothesis(logProbability: $0, tokenCount: 4, unknownCount: 0) }
        let (rescoring, references) = (Rescoring(list, scores: scores), ["a b c d", "e f"])
        let coarse = RescoringWeights(weight: 0.2, lengthBonus: 0.5)
        #expect(rescoring.rates(coarse, references: references).combined.errors == 1)
        let weights = rescoring.tuned(references: references)
        #expect(weights == RescoringWeights(weight: 0, lengthBonus: 0.6))
        #expect(rescoring.rates(weights, references: references).combined.errors == 0)
    }

    @Test("The words of references without a hypothesis are deleted ones in all three rates")
    func unmatched() throws {
        let (rescoring, references) = try Self.synthetic()
        var list = rescoring.list
        list.unmatched = NBestFormat.kaldi.unmatchedReferences(
            try Self.file("x1 a b\nu0 w0 x y\nx2\tc  d e\nx3\n"), for: list)
        #expect(list.unmatched.count == 3 && list.unmatched.words == 5 && list.unmatched.first == "x1")
        let rates = Rescoring(list, scores: rescoring.scores).rates(.acousticOnly, references: references)
        #expect(rates.acoustic == WordErrors(errors: 30, words: 155) && rates.combined == rates.acoustic)
        #expect(rates.oracle == WordErrors(errors: 5, words: 155))
    }

    @Test("A list of mlm-scoring names the first utterance without a reference, if others have one")
    func partialReferences() throws {
        func list(_ text: String) throws -> NBestList { try NBestFormat.mlmScoring.list(Self.file(text), scores: nil, beam: 1) }
        #expect(try list(Self.mlm).firstWithoutReference == nil)
        let partial = try list(Self.mlm.replacing("\"ref\": \"the mat\"", with: "\"hyp_3\": {\"score\": 1, \"text\": \"\"}"))
        #expect(partial.references == nil && partial.firstWithoutReference == "u2")
        let none = try list("{\"u\": {\"h\": {\"score\": 1, \"text\": \"a\"}}}")
        #expect(none.references == nil && none.firstWithoutReference == nil)
    }

    @Test("The combined score is acoustic + weight * log P + bonus * words")
    func combination() throws {
        var rescoring = try Self.synthetic().rescoring
        rescoring.combine(RescoringWeights(weight: 0.5, lengthBonus: 2))
        #expect(rescoring.scores.prefix(3).map(\.total) == [-7.0, -8.0, -26.5])
        rescoring.combine(.acousticOnly)
        #expect(rescoring.scores.prefix(3).map(\.total) == [-11.0, -10.0, -30.0])
    }
}
