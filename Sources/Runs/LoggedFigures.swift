import Tensors

/// Checks lines of `metrics.jsonl` for statements that are impossible in any run.
enum LoggedFigures {
    /// The contradiction as a clause with both values; nil if the line is consistent with itself and with the part of the log
    /// before it.
    static func contradiction(_ line: LoggedModels.Line, after part: LogPart?) -> String? {
        otherPerplexity(line) ?? otherEnd(line, part)
    }

    /// A perplexity is the exponential of its loss.
    private static func otherPerplexity(_ line: LoggedModels.Line) -> String? {
        let pairs = [
            ("perplexity", line.loss, line.perplexity), ("best_perplexity", line.best_loss, line.best_perplexity),
            ("test_perplexity", line.test_loss, line.test_perplexity),
        ]
        for (name, loss, perplexity) in pairs {
            guard let loss, let perplexity else { continue }
            let expected = RowKernels.exp(loss)
            // The last bits of older versions may differ.
            if abs(perplexity - expected) > 1e-9 * expected {
                return "\(name) is \(perplexity), but the loss \(loss) gives \(expected)"
            }
        }
        return nil
    }

    /// A job ends after its last step, with the parameters of its last checkpoint.
    private static func otherEnd(_ line: LoggedModels.Line, _ part: LogPart?) -> String? {
        guard line.event == "end", let step = line.step, let part, part.hasBegin else { return nil }
        if step != part.lastStep { return "its step is \(step), but the step of the line before is \(part.lastStep)" }
        guard let saved = part.checkpoint, saved.step == step, let digest = saved.digest, let found = line.parameters_digest,
            digest != found
        else { return nil }
        return "its parameters have the digest \(found), but those of the checkpoint of the same step have \(digest)"
    }

    /// A key that occurs twice in a line; nil if there is none. The objects of a log are flat.
    static func repeatedKey(_ bytes: some Sequence<UInt8>) -> String? {
        var keys: Set<[UInt8]> = []
        var text: [UInt8] = []
        var isInText = false
        var isEscaped = false
        for byte in bytes {
            if isInText {
                if !isEscaped, byte == UInt8(ascii: "\"") { isInText = false } else { text.append(byte) }
                isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
            } else if byte == UInt8(ascii: "\"") {
                (isInText, isEscaped, text) = (true, false, [])
            } else if byte == UInt8(ascii: ":"), !keys.insert(text).inserted {
                return String(decoding: text, as: UTF8.self)
            }
        }
        return nil
    }
}
