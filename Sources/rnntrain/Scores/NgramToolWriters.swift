import Failures
import Foundation
import Inference

/// `--format srilm`: the output of `ngram -ppl -debug 2` of SRILM. Unknown tokens have no probability, as in a model with a closed vocabulary.
struct SRILMWriter: ScoreWriter {
    let base: LogarithmBase
    let symbols: TokenTexts
    private var total = SRILMCounts()

    init(base: LogarithmBase, symbols: TokenTexts) { (self.base, self.symbols) = (base, symbols) }

    var header: String { "" }

    mutating func text(of line: ScoredLine) -> String {
        let names = line.line.tokens.indices.map {
            symbols.known(line.line.tokens[$0], line.line.bytes(of: $0), separatesAtBlanks: true)
        }
        var counts = SRILMCounts()
        var text = (line.line.isEnded ? names.dropLast() : names[...]).joined(separator: " ") + "\n"
        for token in line.tokens {
            let endsLine = line.isLineEnd(token)
            let context = token.position == 1 ? "<s> " : names[token.position - 2] + " ..."
            text += "\tp( \(endsLine ? "</s>" : names[token.position - 1]) | \(context)) \t= \(probability(token))\n"
            counts.add(token, endsLine: endsLine, base: base)
        }
        counts.sentences = 1
        total.add(counts)
        return text + counts.lines + "\n"
    }

    func footer(_ total: ScoreTotal) -> String? { "file \(Quotation.inFull(total.name)): " + self.total.lines }

    private func probability(_ token: ScoredToken) -> String {
        if token.isUnknown { return "[OOV] 0 [ -inf ]" }
        let logarithm = 0 - base.value(ofNats: token.surprisal)
        let (p, log) = (NumberText.significant(pow(10, logarithm), 7), NumberText.significant(logarithm, 7))
        return "[\(token.position + 1)gram] \(p) [ \(log) ]"
    }
}

/// The counts of SRILM for a sentence or a file.
private struct SRILMCounts {
    var sentences = 0
    private var ends = 0
    private var words = 0
    private var unknown = 0
    /// log10 of the probability of all known words and ends.
    private var logarithm = 0.0

    mutating func add(_ token: ScoredToken, endsLine: Bool, base: LogarithmBase) {
        if endsLine { ends += 1 } else { words += 1 }
        if token.isUnknown { unknown += 1 } else { logarithm -= base.value(ofNats: token.surprisal) }
    }

    mutating func add(_ other: SRILMCounts) {
        sentences += other.sentences
        ends += other.ends
        words += other.words
        unknown += other.unknown
        logarithm += other.logarithm
    }

    /// Two lines: the counts, and the perplexities with and without the ends of sentences.
    var lines: String {
        "\(sentences) sentences, \(words) words, \(unknown) OOVs\n"
            + "0 zeroprobs, logprob= \(NumberText.significant(logarithm, 7)) ppl= \(perplexity(words - unknown + ends)) "
            + "ppl1= \(perplexity(words - unknown))\n"
    }

    private func perplexity(_ count: Int) -> String {
        count > 0 ? NumberText.significant(pow(10, -logarithm / Double(count)), 7) : "undefined"
    }
}

/// `--format kenlm`: the output of `query` of KenLM. Unknown tokens are scored as `<unk>`.
struct KenLMWriter: ScoreWriter {
    let base: LogarithmBase
    let symbols: TokenTexts

    var header: String { "" }

    func text(of line: ScoredLine) -> String {
        var text = ""
        for token in line.tokens {
            let word =
                line.isLineEnd(token) ? "</s>" : symbols.original(line.bytes(of: token), separatesAtBlanks: true)
            text += "\(word)=\(token.id) \(token.position + 1) \(logarithm(token.surprisal))\t"
        }
        return text + "Total: \(logarithm(line.surprisal)) OOV: \(line.unknownCount)\n"
    }

    func footer(_ total: ScoreTotal) -> String? {
        let score = total.score
        return "Perplexity including OOVs:\t\(NumberText.significant(score.perplexity, 6))\n"
            + "Perplexity excluding OOVs:\t\(score.lossOfKnownTokens.map { NumberText.significant(exp($0), 6) } ?? "nan")\n"
            + "OOVs:\t\(score.unknownTokens)\nTokens:\t\(score.tokens)\n"
    }

    private func logarithm(_ nats: Double) -> String { NumberText.significant(0 - base.value(ofNats: nats), 6) }
}
