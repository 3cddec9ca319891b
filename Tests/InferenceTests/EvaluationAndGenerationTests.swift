import Failures
import Foundation
import Inference
import Runs
import TestSupport
import Testing

/// `evaluate` and `generate` with a model trained for three epochs.
@Suite("Evaluation and generation", .serialized)
struct EvaluationAndGenerationTests {
    private static let trained = Result {
        let texts = try TrainingFolder()
        let run = try ProgramRun.alone("rnntrain", texts.arguments(run: "run", ["--epochs", "3"]), folder: texts.folder)
        try #require(run.status == 0, "\(run)")
        return try texts.bytes("run/best.safetensors")
    }
    private let texts: TrainingFolder

    init() throws {
        texts = try TrainingFolder(lines: 1)
        try texts.write("best.safetensors", try Self.trained.get())
    }

    private func evaluation(windowLength: Int) throws -> Evaluation {
        let model = try StoredModel(checkpoint: texts.path("best.safetensors"), steps: windowLength)
        return try Evaluation(of: texts.path("test.txt"), model: model, windowLength: windowLength)
    }

    private func run(_ arguments: [String]) throws -> ProgramRun {
        try ProgramRun.alone("rnntrain", arguments, folder: texts.folder)
    }

    @Test("The loss of a text is that of one stream, with the same bits for any window length")
    func windows() throws {
        let whole = try evaluation(windowLength: 500)
        #expect(whole.tokens == 199, "20 lines of 9 words, their ends, without a prediction of the first token")
        #expect(whole.loss > 2.7 && whole.loss < 3.6, "the loss lies between the text's entropy and the uniform loss, 3.9")
        for length in [1, 2, 7, 198, 199, 200] { #expect(try evaluation(windowLength: length) == whole, "\(length) steps") }
    }

    @Test("A model evaluates several texts, each from the initial state")
    func again() throws {
        let model = try StoredModel(checkpoint: texts.path("best.safetensors"), steps: 50)
        let first = try Evaluation(of: texts.path("test.txt"), model: model, windowLength: 50)
        #expect(try Evaluation(of: texts.path("test.txt"), model: model, windowLength: 50) == first)
    }

    @Test("evaluate prints one line of text or one JSON object, with the same figures")
    func evaluate() throws {
        let expected = try evaluation(windowLength: 100)
        let json = try run(["evaluate", "--json", "--checkpoint", "best.safetensors", "--data", "test.txt"])
        let sizes = try texts.bytes("test.txt").count
        let byByte = try #require(expected.score.bytePerplexity)
        let words =
            "{\"tokens\":199,\"loss\":\(expected.loss),\"perplexity\":\(expected.perplexity),\"bits_per_token\":\(expected.bitsPerToken),"
            + "\"words\":200,\"word_perplexity\":\(exp(199 * expected.loss / 200)),\"bytes\":\(sizes),\"byte_perplexity\":\(byByte),"
            + "\"oovs\":0,\"oov_share\":0.0,\"perplexity_excluding_oovs\":\(expected.perplexity)}\n"
        #expect(json.output == words && json.status == 0 && json.errors == "", "\(json)")
        #expect(
            abs(expected.perplexity - exp(expected.loss)) < 1e-9 && abs(expected.bitsPerToken - expected.loss / log(2)) < 1e-12)
        let plain = try run(["evaluate", "--checkpoint", "best.safetensors", "--data", "test.txt"])
        #expect(
            plain.output.hasPrefix("199 tokens, loss \(NumberText.fixed(expected.loss, 4)) nats per token, perplexity "),
            "\(plain)")
    }

    @Test("Words outside the vocabulary are counted, and the perplexity is given with and without them")
    func unknownWords() throws {
        try texts.write("test.txt", "the w1 foo w2\nw3 bar the w4\n")
        let score = try evaluation(windowLength: 100).score
        #expect(score.tokens == 9 && score.unknownTokens == 2)
        let without = try #require(score.perplexityWithoutUnknown)
        #expect(without < score.perplexity, "the training text has no <unk>, so that the model does not expect it")
        let json = try run(["evaluate", "--json", "--checkpoint", "best.safetensors", "--data", "test.txt"])
        let end = "\"oovs\":2,\"oov_share\":\(2.0 / 9),\"perplexity_excluding_oovs\":\(without)}\n"
        #expect(
            json.output.hasSuffix(end)
                && json.errors.contains("warning: test.txt: 2 OOVs are scored as <unk>, whose probability was not trained"),
            "\(json)")
        let plain = try run(["evaluate", "--checkpoint", "best.safetensors", "--data", "test.txt"])
        #expect(plain.output.contains("; 2 OOV (22.2 %), perplexity \(NumberText.fixed(without, 3)) without them\n"), "\(plain)")
    }

    @Test("A text of only unknown words has no perplexity without them, and causes a warning")
    func nothingButUnknownWords() throws {
        try texts.write("test.txt", "foo bar\nbaz\n")
        #expect(try evaluation(windowLength: 100).score.perplexityWithoutUnknown == nil, "line ends are not words")
        let json = try run(["evaluate", "--json", "--checkpoint", "best.safetensors", "--data", "test.txt"])
        #expect(json.output.hasSuffix("\"oovs\":2,\"oov_share\":0.5,\"perplexity_excluding_oovs\":null}\n"), "\(json)")
        let plain = try run(["evaluate", "--checkpoint", "best.safetensors", "--data", "test.txt"])
        #expect(plain.output.hasSuffix("; 2 OOV (50 %), no other words\n"), "\(plain)")
        // KenLM's query counts the line ends.
        let score = ["score", "--checkpoint", "best.safetensors", "--data", "test.txt", "--format"]
        let ends = try run(score + ["tsv", "--base", "e"]).lines.filter { $0.contains("\t<eos>\t") }
            .compactMap { Double($0.split(separator: "\t")[3]) }
        let kenlm = try run(score + ["kenlm"]).output
        let expected = NumberText.significant(exp(ends.reduce(0, +) / Double(ends.count)), 6)
        #expect(!ends.isEmpty && kenlm.contains("Perplexity excluding OOVs:\t\(expected)\n"), "\(ends) \(kenlm)")
        #expect(
            plain.errors.contains("warning: test.txt: 2 OOVs are scored as <unk>, whose probability was not trained"), "\(plain)")
        #expect(plain.errors.contains("Exclude them, or train with a higher --minimum-count."), "\(plain)")
    }

    @Test("generate gives the same text for the same seed, also under mpirun, and continues the prompt")
    func generate() throws {
        let command = ["generate", "--checkpoint", "best.safetensors", "--length", "60", "--prompt", "the w1"]
        let first = try run(command + ["--seed", "3"])
        #expect(first.status == 0 && first.output.hasPrefix("the w1"), "\(first)")
        #expect(first.output.split { $0 == " " || $0 == "\n" }.count > 40)
        #expect(try run(command + ["--seed", "3"]).output == first.output)
        #expect(try run(command + ["--seed", "4"]).output != first.output)
        let ranks = try ProgramRun.onRanks(2, "rnntrain", command + ["--seed", "3"], folder: texts.folder)
        #expect(ranks.output == first.output && ranks.status == 0, "\(ranks)")
        let greedy = try run(command + ["--greedy", "--seed", "3"]).output
        #expect(try run(command + ["--top-k", "1", "--seed", "4"]).output == greedy)
    }

    @Test("A text of one token cannot be scored: status 65")
    func oneToken() throws {
        try texts.write("one.txt", "\n")
        let run = try run(["evaluate", "--checkpoint", "best.safetensors", "--data", "one.txt"])
        #expect(run.status == 65 && run.errors.contains("one.txt: the text has 1 token, but 2 or more are needed"), "\(run)")
    }
}
