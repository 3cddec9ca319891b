import Foundation
import TestSupport
import Testing

/// n-best lists of all formats, with a model that has learned the right lines.
@Suite("rescore")
struct RescoreTests {
    private static let words = ["the", "cat", "sat", "on", "a", "mat"]

    /// The words go round: after each word follows the next in the list.
    private static func line(_ number: Int) -> [String] { (0..<6).map { words[(number + $0) % words.count] } }

    /// A model of words, and lists whose recogniser prefers a wrong hypothesis in every second utterance.
    private static let trained = Result {
        let scratch = try ScratchFolder()
        try scratch.write((0..<200).map { line($0).joined(separator: " ") + "\n" }.joined(), to: "train.txt")
        try scratch.write((0..<20).map { line($0).joined(separator: " ") + "\n" }.joined(), to: "valid.txt")
        let options = ["--train", "train.txt", "--valid", "valid.txt", "--run", "run", "--batching", "sentences"]
        let small = [
            "--hidden-size", "12", "--embedding-size", "12", "--batch-size", "8", "--epochs", "8", "--learning-rate", "0.02",
        ]
        let outcome = try ProcessRunner.rnntrain(options + small, in: scratch.folder)
        try #require(outcome.status == 0, "\(outcome)")
        var (list, costs, scores, candidates, references) = ("", "", "", "", "")
        for utterance in 0..<20 {
            let right = line(utterance)
            var wrong = right
            wrong.swapAt(2, 4)
            let isWrongFirst = utterance % 2 == 0
            for (number, words) in [right, wrong].enumerated() {
                let cost = (number == 1) == isWrongFirst ? 10.0 : 10.5
                list += "utt\(utterance)-\(number + 1) \(words.joined(separator: " "))\n"
                costs += "utt\(utterance)-\(number + 1) \(cost)\n"
                scores += "utt\(utterance)-\(number + 1) \(-cost)\n"
                candidates += "\(words.joined(separator: " "))\t\(-cost)\n"
            }
            references += "utt\(utterance) \(right.joined(separator: " "))\n"
        }
        for (name, text) in [
            ("list", list), ("costs", costs), ("scores", scores), ("candidates", candidates), ("refs", references),
        ] {
            try scratch.write(text, to: name)
        }
        return scratch
    }

    private func shell(_ command: String) throws -> ProgramRun {
        try ProcessRunner.run(
            "/bin/sh", ["-c", command], in: Self.trained.get().folder, environment: ["R": ProcessRunner.program])
    }

    private static let kaldi = "$R rescore --checkpoint run --nbest list --format kaldi"

    @Test("With a known oracle the word error rate falls, at weight 0 it stays, and ids are equal")
    func oracle() throws {
        let still = try shell("\(Self.kaldi) --scores costs --references refs --weight 0")
        let costs = try shell("sed 's/ /\\t/' costs").output
        #expect(still.status == 0 && still.output == costs, "\(still)")
        let text =
            "word error rate 16.67 % (20 errors) by acoustic score, 16.67 % (20 errors) rescored, 0.00 % (0 errors) of the best"
        #expect(still.errors.contains(text), "\(still.errors)")
        let better = try shell("\(Self.kaldi) --scores costs --references refs --weight 0.5")
        #expect(better.errors.contains("16.67 % (20 errors) by acoustic score, 0.00 % (0 errors) rescored"), "\(better.errors)")
        let ids = try shell("cut -d ' ' -f 1 list").output
        #expect(better.output.split(separator: "\n").map { $0.prefix { $0 != "\t" } + "\n" }.joined() == ids)
        let tuned = try shell("\(Self.kaldi) --scores costs --references refs --tune --json")
        #expect(
            tuned.output.contains("\"combined\":{\"errors\":0,\"words\":120,\"rate\":0.0}"), "\(tuned)")
        #expect(tuned.output.contains("\"acoustic\":{\"errors\":20,\"words\":120,"), "\(tuned)")
    }

    @Test("References without hypotheses are counted, with a warning; a list with a part of its references is told of")
    func otherReferences() throws {
        let more = try shell("(cat refs; echo utt77 a b c) > more; \(Self.kaldi) --scores costs --references more --json")
        #expect(more.errors.contains("no hypothesis of 1 utterance of the references (first: 'utt77')"), "\(more)")
        #expect(more.output.contains("\"oracle\":{\"errors\":3,\"words\":123,"), "\(more)")
        #expect(more.output.contains("\"utterances_without_hypothesis\":1}"), "\(more)")
        let hypothesis = "{\"h\":{\"score\":-1,\"text\":\"the cat\"}"
        let object = "{\"u\":\(hypothesis),\"ref\":\"the cat\"},\"v\":\(hypothesis)}}"
        let command = "echo '\(object)' | $R rescore --checkpoint run --nbest - --format mlm-scoring"
        let part = try shell(command)
        #expect(part.status == 0 && part.errors.contains("no word error rate, because the utterance 'v' has no ref"), "\(part)")
        let tuned = try shell("\(command) --tune")
        #expect(tuned.status == 65 && tuned.errors.contains("the utterance 'v' has no ref, but --tune"), "\(tuned)")
    }

    @Test("Without acoustic scores, the output of kaldi is -log P with the line end, as that of score")
    func plain() throws {
        let outcome = try shell(Self.kaldi)
        let scored = try shell("cut -d ' ' -f 2- list | $R score --checkpoint run --data - --format json --base e | head -n -1")
        let sums = scored.output.split(separator: "\n").compactMap { line in
            line.firstMatch(of: /"surprisal_nats":([-0-9.e]+),"oovs"/).map { "\($0.1)" }
        }
        #expect(
            sums.count == 40 && outcome.output.split(separator: "\n").map { "\($0.split(separator: "\t")[1])" } == sums,
            "\(outcome)")
        #expect(
            outcome.errors.contains("list: 40 hypotheses of 20 utterances, without acoustic scores; 0 of 280 tokens unknown."))
    }

    @Test("All formats give the same scores")
    func formats() throws {
        let kaldi = try shell("\(Self.kaldi) --scores costs | cut -f 2").output
        let nemo = try shell("$R rescore --checkpoint run --nbest candidates --format nemo --beam-size 2")
        #expect(nemo.output.split(separator: "\n").map { $0.replacing(/^.*\t-/, with: "") + "\n" }.joined() == kaldi, "\(nemo)")
        let espnet = try shell(
            "$R rescore --checkpoint run --nbest list --scores scores --format espnet --output esp && cut -d ' ' -f 2 esp/utt2score"
        )
        #expect(espnet.output.replacing("-", with: "") == kaldi, "\(espnet)")
        #expect(
            try shell("cat esp/base && head -n 1 esp/utt2ntokens && ls esp").output
                == "2.718281828459045\nutt0-1 7\nbase\nppl\nutt2ntokens\nutt2ppl\nutt2score\n")
        // Without scores, the scores of the earlier list, or a file of the user, would pass for those of this one.
        let without = try shell("$R rescore --checkpoint run --nbest list --format espnet --output esp")
        #expect(without.status == 64 && without.errors.contains("esp/utt2score would pass for a file of this list"), "\(without)")
        #expect(
            try shell("rm esp/utt2score && $R rescore --checkpoint run --nbest list --format espnet --output esp && ls esp")
                .output
                == "base\nppl\nutt2ntokens\nutt2ppl\n")
        let object =
            "{\"u\":{\"hyp_1\":{\"score\":-10.5,\"text\":\"\(Self.line(0).joined(separator: " "))\"},\"ref\":\"the cat\"}}"
        let mlm = try shell("echo '\(object)' | $R rescore --checkpoint run --nbest - --format mlm-scoring")
        let total = try #require(kaldi.split(separator: "\n").first)
        #expect(mlm.output.contains("\"total_score\": -\(total)\n") && mlm.output.contains("\"score\": -10.5,"), "\(mlm)")
        #expect(mlm.errors.contains("word error rate 200.00 % (4 errors)"), "\(mlm)")
    }

    @Test("A folder of output holds none of the files that are read, also not one that would be removed")
    func output() throws {
        for option in ["--checkpoint own/utt2ppl --nbest list", "--checkpoint run --nbest own/utt2score"] {
            let setting = "rm -rf own; mkdir own; cp run/best.safetensors own/utt2ppl; cp list own/utt2score; cp -r own before"
            let outcome = try shell("\(setting); $R rescore \(option) --format espnet --output own")
            #expect(outcome.status == 64 && outcome.errors.contains(", which would be overwritten. Name another"), "\(outcome)")
            #expect(try shell("diff -r own before && rm -rf before").status == 0, "\(option)")
        }
        let command = "rm -rf own; mkdir -p own/ppl; $R rescore --checkpoint run --nbest list --format espnet --output own"
        let folder = try shell(command)
        #expect(
            folder.status == 64 && folder.errors.contains("own/ppl: this is a folder, but --output writes a file of this"),
            "\(folder)")
    }

    @Test("A file that cannot be replaced keeps all others of the folder; a file that may be another one of the user is left")
    func oldFiles() throws {
        let command = "$R rescore --checkpoint run --nbest list --format espnet --output"
        #expect(try shell("rm -rf old && \(command) old").status == 0)
        let linked = try shell("echo 7 > old/utt2ppl; rm old/base; ln -s ppl old/base; \(command) old")
        #expect(linked.status == 74 && linked.errors.contains("old/base is a symbolic link"), "\(linked)")
        #expect(try shell("cat old/utt2ppl && ls -A old | wc -l").output == "7\n4\n")
        let mine = try shell("rm -rf mine && mkdir mine && echo 8 > mine/ppl; \(command) mine")
        #expect(mine.status == 64 && mine.errors.contains("mine/ppl exists, but mine does not have all files"), "\(mine)")
        #expect(try shell("cat mine/ppl && ls -A mine").output == "8\nppl\n")
        let absent = try shell("\(command) absent/inner")
        #expect(absent.status == 74 && absent.errors.contains("absent/inner: cannot create the folder"), "\(absent)")
    }

    @Test("A line that is not valid ends with status 65, its number and advice; options that do not fit with 64")
    func malformed() throws {
        let bad = try shell("sed '7s/-/ /' list | $R rescore --checkpoint run --nbest - --format kaldi")
        #expect(bad.status == 65 && bad.output.isEmpty && bad.errors.contains("the standard input: line 7: "), "\(bad)")
        let nemo = try shell("sed '5s/\\t/ /' candidates | $R rescore --checkpoint run --nbest - --format nemo --beam-size 2")
        #expect(
            nemo.status == 65 && nemo.errors.contains(": line 5: ") && nemo.errors.split(separator: "\n").count == 1, "\(nemo)")
        let one = try shell("head -n 3 refs > few; \(Self.kaldi) --references few")
        #expect(one.status == 65 && one.errors.contains("'utt3' of list has no reference"), "\(one)")
        for options in [
            "--format nemo", "--format kaldi --beam-size 2", "--format espnet", "--format kaldi --output x",
            "--format kaldi --tune",
            "--format kaldi --tune --references refs", "--format kaldi --weight 0.7", "--format kaldi --length-bonus 1",
            "--format kaldi --tune --scores costs --references refs --weight 0.7", "--format mlm-scoring --scores costs",
            "--format kaldi --weight x",
        ] {
            let outcome = try shell("$R rescore --checkpoint run --nbest list \(options)")
            #expect(outcome.status == 64 && outcome.output.isEmpty, "\(options): \(outcome)")
        }
    }
}
