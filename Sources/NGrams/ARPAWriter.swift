import Files
import Tensors
import TextData

extension KneserNey {
    /// Writes the model as an ARPA file, which replaces a file of this name atomically and durably.
    ///
    /// Logarithms are to base 10, with 7 decimals. The line end is `</s>`; `<s>` has the probability 0, written as -99, and so is a backoff weight
    /// of 0. A backoff weight of 1 is left out. Throws `file` (74).
    public func write(arpa path: String) throws(ARPAError) {
        do throws(FileError) {
            var file = try ARPAOutput(path)
            file.append("\\data\\\n")
            for (index, count) in counts.enumerated() { file.append("ngram \(index + 1)=\(count)\n") }
            let names = WordNames(text.vocabulary)
            for n in 1...order {
                file.append("\n\\\(n)-grams:\n")
                try append(order: n, names, to: &file)
            }
            file.append("\n\\end\\\n")
            try file.commit()
        } catch {
            throw .file(error)
        }
    }

    private func append(order n: Int, _ names: WordNames, to file: inout ARPAOutput) throws(FileError) {
        let table = tables[n - 1]
        for index in table.probabilities.indices where table.probabilities[index] >= 0 {
            file.append(logarithmOf: table.probabilities[index])
            if n == 1 {
                file.append(byte: ARPAOutput.tab)
                file.append(names, index)
            } else {
                let last = Int(table.places[index])
                for place in (last - n + 1)...last {
                    file.append(byte: place == last - n + 1 ? ARPAOutput.tab : ARPAOutput.blank)
                    file.append(names, Int(text.tokens[place]))
                }
            }
            if !table.backoffs.isEmpty, table.backoffs[index] != 1 {
                file.append(byte: ARPAOutput.tab)
                file.append(logarithmOf: table.backoffs[index])
            }
            file.append(byte: ARPAOutput.lineFeed)
            try file.writeFullBlock()
        }
    }
}

/// Logarithms to base 10, the same bits on every processor.
enum CommonLogarithm {
    /// Nats of a factor of 10.
    static let nats = 2.302_585_092_994_046

    static func of(_ x: Double) -> Double { RowKernels.log(x) / nats }

    /// 10^x
    static func power(_ x: Double) -> Double { RowKernels.exp(x * nats) }
}
