import Assessment
import Communication
import Failures
import Files

/// What `probe` prints.
enum ProbeOutput {
    case table, json, items
}

/// Puts the items to the model of a checkpoint, and prints the accuracies or the answers.
func runProbe(model: ScoringModel, items: [ProbeItem], name: String, output: ProbeOutput) throws {
    var summary = ProbeSummary()
    var example: String?
    var stream = TextStream()
    if output == .items { try stream.append(Array("item\tgroup\tmethod\tdecision\tgood_bits\tbad_bits\n".utf8)) }
    try Probe(model).ask(items, named: name) { answer in
        summary.add(answer)
        example = example ?? answer.unknownContext
        if output == .items { try stream.append(Array(answer.row.utf8)) }
    }
    switch output {
    case .items: try stream.end(ofBytes: true)
    case .json: try StandardOutput.printResult(summary.json)
    case .table: try StandardOutput.printResult(summary.table)
    }
    warnOfEqualTexts(items, name: name)
    tellOfUnknownContexts(summary, example: example, name: name)
    let (unknown, all) = (summary.groups.reduce(0) { $0 + $1.counts.unknown }, items.count)
    if unknown * 5 >= all {
        StandardError.warn(
            "\(name): \(NumberText.grouped(unknown)) of \(NumberText.counted(all, "item")) \(unknown == 1 ? "depends" : "depend") on words outside the vocabulary "
                + "or without a token of their own, and are not counted. "
                + "Write the sentences like the training text (spaces around punctuation, case), or use a model with a larger vocabulary "
                + "or of characters.")
    }
}

/// Tells how many of the counted items have unknown words that they do not depend on; warns if it is half of them or more.
private func tellOfUnknownContexts(_ summary: ProbeSummary, example: String?, name: String) {
    guard let example else { return }
    let found = summary.groups.reduce(0) { $0 + $1.counts.withUnknownContext }
    let all = summary.groups.reduce(0) { $0 + $1.counts.items }
    let text =
        "\(name): \(NumberText.grouped(found)) of \(NumberText.counted(all, "counted item")) \(found == 1 ? "has" : "have") tokens outside the "
        + "vocabulary that do not decide and are read as <unk>, such as '\(Quotation.of(example, longest: 40))'. "
        + "Write the sentences like the training text (spaces around punctuation, case)."
    if found * 2 >= all { StandardError.warn(text) } else { StandardError.note(text) }
}

/// Warns of items that no model of words can answer. The files of BLiMP have some, so they are no error.
private func warnOfEqualTexts(_ items: [ProbeItem], name: String) {
    let equal = items.filter(\.hasEqualTexts)
    guard let first = equal.first else { return }
    StandardError.warn(
        "\(name): \(NumberText.counted(equal.count, "item")) (\(equal.count == 1 ? "" : "first: ")\(first.placeName)) "
            + "\(equal.count == 1 ? "compares" : "compare") texts with the same words, which are a tie for a model of words. "
            + "Correct or remove \(equal.count == 1 ? "it" : "them").")
}

extension ProbeAnswer {
    /// A line of `--items`.
    fileprivate var row: String {
        let bits = bits.map { "\($0.good)\t\($0.bad)" } ?? "\t"
        return
            "\(item.place)\t\(Quotation.of(item.group, as: .text, longest: .max))\t\(item.method.rawValue)\t\(decision.rawValue)\t\(bits)\n"
    }
}

extension ProbeSummary {
    /// A row for each group, with the shares in percent.
    fileprivate var table: String {
        var table = TextTable(header: ["group", "method", "items", "accuracy", "95 % interval", "ties", "unknown"])
        for (key, counts) in rows {
            table.append([
                key.name, key.method.rawValue, NumberText.grouped(counts.items), Self.percent(counts.accuracy),
                counts.interval.map { "\(Self.percent($0.low)) to \(Self.percent($0.high))" } ?? "-",
                Self.percent(counts.tieShare),
                NumberText.grouped(counts.unknown),
            ])
        }
        return table.text
    }

    private static func percent(_ share: Double?) -> String { share.map { NumberText.fixed(100 * $0, 1) + " %" } ?? "-" }

    /// One object with a list of rows.
    fileprivate var json: String {
        let rows = rows.map { key, counts in
            let number = { (value: Double?) in value.map { JSONText.number($0) } ?? "null" }
            let integer = { (value: Int?) in value.map { "\($0)" } ?? "null" }
            return "{\"group\":\(key.group.map(JSONText.string) ?? "null"),\"method\":\"\(key.method.rawValue)\","
                + "\"distance\":\(integer(key.distance)),\"attractors\":\(integer(key.attractors)),\"items\":\(counts.items),"
                + "\"right\":\(counts.right),\"wrong\":\(counts.wrong),\"ties\":\(counts.ties),\"unknown\":\(counts.unknown),"
                + "\"reads_unknown\":\(counts.withUnknownContext),"
                + "\"accuracy\":\(number(counts.accuracy)),\"low\":\(number(counts.interval?.low)),"
                + "\"high\":\(number(counts.interval?.high))}"
        }
        return "{\"rows\":[\(rows.joined(separator: ","))]}"
    }
}

extension ProbeSummary.Key {
    fileprivate var name: String {
        if let group { return Quotation.of(group, as: .text, longest: 60) }
        if let distance { return "distance \(distance)" }
        return attractors.map { counted($0, "attractor") } ?? "all"
    }
}
