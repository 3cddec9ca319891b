import Assessment
import Inference
import Tasks

/// `--format json`: one JSON object for each line of the text, and one for the whole text, each on its own line.
struct JSONWriter: ScoreWriter {
    let base: LogarithmBase
    let symbols: TokenTexts

    var header: String { "" }

    func text(of line: ScoredLine) -> String {
        let tokens = line.tokens.map { token in
            "{\"position\":\(token.position),\"token\":\(JSONText.string(symbols.inJSON(line.bytes(of: token)))),"
                + "\(figure("surprisal", token.surprisal)),\(figure("entropy", token.entropy)),"
                + "\"rank\":\(token.rank),\"unknown\":\(token.isUnknown)}"
        }
        return "{\"line\":\(line.number),\"tokens\":[\(tokens.joined(separator: ","))],"
            + "\(figure("surprisal", line.surprisal)),\"oovs\":\(line.unknownCount)}\n"
    }

    func footer(_ total: ScoreTotal) -> String? {
        "{\"lines\":\(total.lineCount),\(figure("surprisal", total.score.totalLoss)),\(total.score.jsonFigures)"
            + (total.skipped.map { ",\"skipped_characters\":\($0)" } ?? "")
            + (total.networkWeight.map { ",\"network_weight\":\(JSONText.number($0))" } ?? "") + "}\n"
    }

    private func figure(_ name: String, _ nats: Double) -> String {
        "\"\(name)_\(base.unit)\":\(JSONText.number(base.value(ofNats: nats)))"
    }
}

/// Values as JSON.
enum JSONText {
    /// A number that is not finite becomes null, because JSON cannot represent it.
    static func number(_ value: Double) -> String { value.isFinite ? "\(value)" : "null" }

    static func string(_ text: String) -> String { JSONString.quoted(text) }
}
