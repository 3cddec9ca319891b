import Failures
import Inference

/// `--format tsv`: a row for each token, with a header.
struct TableWriter: ScoreWriter {
    let base: LogarithmBase
    let symbols: TokenTexts

    var header: String { "line\tposition\ttoken\tsurprisal_\(base.unit)\tentropy_\(base.unit)\trank\tunknown\n" }

    func text(of line: ScoredLine) -> String {
        var text = ""
        for token in line.tokens {
            text += "\(line.number)\t\(token.position)\t\(symbols.original(line.bytes(of: token)))\t"
            text += "\(base.value(ofNats: token.surprisal))\t\(base.value(ofNats: token.entropy))\t"
            text += "\(token.rank)\t\(token.isUnknown ? 1 : 0)\n"
        }
        return text
    }

    func footer(_ total: ScoreTotal) -> String? { nil }
}

/// `--format words`: a row for each word of the text, with the sum over its tokens.
struct WordTableWriter: ScoreWriter {
    let base: LogarithmBase
    let symbols: TokenTexts

    var header: String { "line\tword\ttext\tsurprisal_\(base.unit)\tunknown\ttokens\n" }

    func text(of line: ScoredLine) -> String {
        zip(1..., line.words(symbols.division)).map { number, word in
            let surprisal = word.surprisal.map { "\(base.value(ofNats: $0))" } ?? "NA"
            return
                "\(line.number)\t\(number)\t\(symbols.word(word.text))\t\(surprisal)\t\(word.unknownCount)\t\(word.tokenCount)\n"
        }.joined()
    }

    func footer(_ total: ScoreTotal) -> String? { nil }
}

/// `--format lm-zoo`: the table of `get_surprisals` of the LM Zoo, for SyntaxGym.
struct LMZooWriter: ScoreWriter {
    let base: LogarithmBase
    let symbols: TokenTexts

    var header: String { "sentence_id\ttoken_id\ttoken\tsurprisal\n" }

    func text(of line: ScoredLine) -> String {
        line.tokens.map { token in
            let name = symbols.known(token.id, line.bytes(of: token))
            return "\(line.number)\t\(token.position)\t\(name)\t"
                + "\(NumberText.decimals(base.value(ofNats: token.surprisal), 6))\n"
        }.joined()
    }

    func footer(_ total: ScoreTotal) -> String? { nil }
}

/// `--format neural-complexity`: the table of neural-complexity (van Schijndel & Linzen 2018). It counts sentences and positions
/// from 0 and omits line ends.
struct NeuralComplexityWriter: ScoreWriter {
    let base: LogarithmBase
    let symbols: TokenTexts

    var header: String { "word sentid sentpos wlen surp entropy\n" }

    func text(of line: ScoredLine) -> String {
        line.tokens.filter { !line.isLineEnd($0) }.map { token in
            let word = symbols.known(token.id, line.bytes(of: token), separatesAtBlanks: true)
            return "\(word) \(line.number - 1) \(token.position - 1) \(symbols.length(token.id, line.bytes(of: token))) "
                + "\(base.value(ofNats: token.surprisal)) \(base.value(ofNats: token.entropy))\n"
        }.joined()
    }

    func footer(_ total: ScoreTotal) -> String? { nil }
}
