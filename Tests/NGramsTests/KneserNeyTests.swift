import Foundation
import NGrams
import TestSupport
import Testing
import TextData

@Suite struct KneserNeyTests {
    /// Computed by hand, as KenLM's lmplz does with --discount_fallback.
    ///
    /// The lines are `a b`, `a b`, `a c`; V is 5: a, b, c, </s>, <unk>.
    /// Order 1: adjusted counts are the distinct words before: a 1 (<s>), b 1 (a), c 1 (a), </s> 2 (b, c), <unk> 0; their sum is 5. n_1 = 3,
    /// n_2 = 1, n_3 = 0: no discounts, so 0.5, 1, 1.5. gamma = (3 * 0.5 + 1) / 5 = 0.5, of which each word gets 0.5 / 5 = 0.1.
    /// p(a) = p(b) = p(c) = (1 - 0.5) / 5 + 0.1 = 0.2; p(</s>) = (2 - 1) / 5 + 0.1 = 0.3; p(<unk>) = 0.1.
    /// Order 2: counts: <s> a 3, a b 2, a c 1, b </s> 2, c </s> 1. n_1 = 2, n_2 = 2, n_3 = 1, n_4 = 0; Y = 2 / (2 + 4) = 1/3.
    /// D(1) = 1 - 2/3 * 2/2 = 1/3; D(2) = 2 - 3/3 * 1/2 = 3/2; D(3) = 3 - 0 = 3.
    /// gamma(<s>) = 3/3 = 1; gamma(a) = (3/2 + 1/3) / 3 = 11/18; gamma(b) = (3/2) / 2 = 3/4; gamma(c) = 1/3.
    /// p(a|<s>) = 0 + 0.2; p(b|a) = (2 - 3/2)/3 + 11/18 * 0.2 = 13/45; p(c|a) = (1 - 1/3)/3 + 11/90 = 31/90;
    /// p(</s>|b) = 1/4 + 3/4 * 0.3 = 0.475; p(</s>|c) = 2/3 + 0.1 = 23/30.
    @Test("A small text has the probabilities computed by hand")
    func byHand() throws {
        let model = try model(of: "a b\na b\na c\n", order: 2)
        #expect(model.discounts.map(\.areFallback) == [true, false])
        let values = model.discounts[1].values
        #expect(zip(values, [1.0 / 3, 1.5, 3]).allSatisfy { abs($0 - $1) < 1e-12 })
        #expect(
            try arpa(model) == """
                \\data\\
                ngram 1=6
                ngram 2=5

                \\1-grams:
                -0.69897\ta\t-0.2138798
                -0.5228787\t</s>
                -0.69897\tb\t-0.1249387
                -0.69897\tc\t-0.4771212
                -1\t<unk>
                -99\t<s>

                \\2-grams:
                -0.69897\t<s> a
                -0.3233064\tb </s>
                -0.1153934\tc </s>
                -0.5392691\ta b
                -0.4628808\ta c

                \\end\\

                """)
    }

    @Test("Probabilities match the equations on random texts", arguments: [1, 2, 3, 4, 5], [[], [0, 1], [0, 0, 2]])
    func equations(order: Int, prune: [Int]) throws {
        let lines = randomText(lines: 80, words: 9, seed: UInt64(order))
        let text = lines.map { $0.joined(separator: " ") + "\n" }.joined()
        let ours = try read(arpa(model(of: text, order: order, prune: prune)))
        let naive = NaiveKneserNey(lines, order: order, prune: prune)
        for line in lines.prefix(8) + randomText(lines: 8, words: 9, seed: 77) {
            let words = line.filter { ours.vocabulary.id(of: $0) != nil }
            let (found, expected) = (try logarithms(words.joined(separator: " "), ours), naive.logarithms(words))
            #expect(found.count == expected.count)
            for (a, b) in zip(found, expected) { #expect(abs(a - b) < 2e-6, "\(a) instead of \(b) in \(words)") }
        }
    }

    @Test("Probabilities sum to 1 after any context, also of unseen words", arguments: [[], [0, 1, 1]])
    func sumsToOne(prune: [Int]) throws {
        let text = randomText(lines: 120, words: 15, seed: 5).map { $0.joined(separator: " ") + "\n" }.joined()
        let model = try read(arpa(model(of: text, order: 4, prune: prune, minimumCount: 2)))
        let size = model.vocabulary.size
        var random = SeededRandom(state: 3)
        var context = NGramContext(model)
        let probabilities = UnsafeMutablePointer<Double>.allocate(capacity: size)
        defer { probabilities.deallocate() }
        for _ in 0..<60 {
            context.distribution(into: probabilities)
            #expect(abs((0..<size).reduce(0) { $0 + probabilities[$1] } - 1) < 2e-6)
            let word = Int32.random(in: 0..<Int32(size), using: &random)
            let expected = probabilities[Int(word)]
            #expect(abs(exp(-context.surprisal(of: word)) / expected - 1) < 1e-9)
        }
    }

    /// Bigrams: n_1 = 8, n_2 = n_3 = 2, n_4 = 0, so that Y = 2/3 and D(2) = 2 - 3 Y = 0; only `</s>` follows b, twice.
    @Test("A backoff weight of 0 is written as -99, and read as next to no probability")
    func noBackoff() throws {
        let estimated = try model(of: "p\nq\nr\ns\nb\nb\nc\nc\nc\n", order: 2)
        #expect(estimated.discounts[1].values[1] == 0 && !estimated.discounts[1].areFallback)
        let text = try arpa(estimated)
        #expect(text.contains("\tb\t-99\n"), "\(text)")
        let found = try read(text)
        let (end, other) = (try logarithms("b", found)[1], try logarithms("b p", found)[1])
        #expect(abs(end) < 1e-6 && other < -99 && other.isFinite && found.normalizationFault == nil)
    }

    @Test("A word <UNK> of the text is a word beside <unk>, and its file is read so")
    func capitalUnknown() throws {
        let found = try read(arpa(model(of: "a <UNK> b\na b c\na <UNK>\n", order: 2)))
        let same = try read(arpa(model(of: "a x b\na b c\na x\n", order: 2)))
        #expect(found.vocabulary.id(of: "<UNK>") != nil && found.vocabulary.size == same.vocabulary.size)
        for line in ["a _ b", "_ c", "zebra _"] {
            let values = try logarithms(line.replacingOccurrences(of: "_", with: "<UNK>"), found)
            let expected = try logarithms(line.replacingOccurrences(of: "_", with: "x"), same)
            #expect(zip(values, expected).allSatisfy { abs($0 - $1) < 1e-6 }, "\(line): \(values) \(expected)")
        }
        #expect(found.normalizationFault == nil)
    }

    @Test("Words outside the vocabulary are counted as <unk>; an empty line is a sentence")
    func unknownAndEmpty() throws {
        let model = try read(arpa(model(of: "a x\n\na y\n\n", order: 2, minimumCount: 2)))
        let same = try read(arpa(NGramsTests.model(of: "a <unk>\n\na <unk>\n\n", order: 2)))
        for line in ["a", "", "z z", "<unk>"] { #expect(try logarithms(line, model) == logarithms(line, same)) }
        #expect(try logarithms("", model)[0] > logarithms("z", model)[0])
    }

    @Test("A text with a word that ARPA files reserve is refused", arguments: ["<s>", "</s>"])
    func reserved(word: String) throws {
        #expect(throws: NGramError.reservedWord(source: "test.txt", word: word)) {
            try model(of: "a \(word) b\n", order: 2)
        }
    }

    @Test("Pruning that no model can satisfy is refused", arguments: [[1], [0, 2, 1]])
    func badPruning(prune: [Int]) throws {
        let error = #expect(throws: NGramError.self) { try model(of: "a b\n", order: 3, prune: prune) }
        #expect(error?.exitStatus == .usage)
    }
}
