import Assessment
import Communication
import Configuration
import Failures
import Files
import Foundation

/// How `compare` draws and writes.
struct ComparisonSettings {
    let resamples: Int
    let seed: UInt64
    let json: Bool
}

/// Compares the models of two checkpoints on a text, and prints the figures.
func runComparison(
    _ models: [ScoringInput], name: String, bytes: [UInt8], unit: ComparisonUnit, settings: ComparisonSettings
) throws {
    let comparison = try ModelComparison(models[0].model, models[1].model, name: name, bytes: bytes, unit: unit)
    let report = ComparisonReport(
        comparison: comparison, interval: comparison.losses.interval(resamples: settings.resamples, seed: settings.seed),
        differences: models[0].differences(from: models[1]), settings: settings,
        paths: models.map(\.model.path))
    try StandardOutput.printResult(settings.json ? report.json : report.text)
    if report.interval == nil {
        StandardError.warn("\(name): only one line is compared, so that there is no interval: the bootstrap draws whole lines.")
    }
    let unknown = comparison.unknownCounts
    if unit != .token, unknown.first + unknown.second > 0 {
        StandardError.warn(
            "\(name): \(counted(unknown.first, "token")) of A and \(counted(unknown.second, "token")) of B are outside the vocabulary and are scored "
                + "as <unk>, which is easier to predict than the words themselves: the comparison favors the model with more of them."
        )
    }
}

/// The figures of a comparison.
private struct ComparisonReport {
    let comparison: ModelComparison
    let interval: Interval?
    /// Nil if one of the models has no configuration.
    let differences: [ConfigurationDifference]?
    let settings: ComparisonSettings
    let paths: [String]

    private var losses: PairedLosses { comparison.losses }
    private var unit: String { comparison.unit.rawValue }
    private var comparedUnit: String { comparison.unit == .token ? "token" : "line" }

    var text: String {
        var lines = [
            modelText("A", paths[0], losses.firstLoss, losses.firstPerplexity),
            modelText("B", paths[1], losses.secondLoss, losses.secondPerplexity),
        ]
        lines += ["A - B       \(differenceText)", "A / B       \(ratioText)", "better      \(betterText)"]
        guard let differences, !differences.isEmpty else {
            return lines.joined(separator: "\n") + (differences == nil ? "\n" : "\n\nconfiguration: equal\n")
        }
        var table = TextTable(header: ["configuration", "A", "B"])
        for difference in differences {
            // A value may be the name of a file.
            table.append([difference.key, Quotation.inFull(difference.first), Quotation.inFull(difference.second)])
        }
        return lines.joined(separator: "\n") + "\n\n" + table.text
    }

    private func modelText(_ name: String, _ path: String, _ loss: Double, _ perplexity: Double) -> String {
        "\(name)           \(inFull: path): loss \(NumberText.fixed(loss, 4)) nats per \(unit), perplexity "
            + NumberText.perplexity(perplexity, digits: 3)
    }

    private var differenceText: String {
        let range =
            interval.map { interval in
                let zero = interval.low <= 0 && interval.high >= 0 ? "contains 0" : "without 0"
                return "95 % interval \(NumberText.fixed(interval.low, 4)) to \(NumberText.fixed(interval.high, 4)) (\(zero))"
            } ?? "no interval"
        return
            "loss \(NumberText.fixed(losses.difference, 4)) nats per \(unit), \(range); \(NumberText.grouped(settings.resamples)) resamples of "
            + "\(NumberText.counted(losses.blockCount, "line")), seed \(settings.seed)"
    }

    private var ratioText: String {
        let range = interval.map { ", 95 % interval \(Self.quotient($0.low)) to \(Self.quotient($0.high))" }
        return "perplexity \(Self.quotient(losses.difference))\(range ?? "")"
    }

    /// e^difference with four decimals, or with four digits where decimals would hide it.
    private static func quotient(_ difference: Double) -> String {
        let value = exp(difference)
        return value < 0.1 || value >= 1000 ? NumberText.significant(value) : NumberText.fixed(value, 4)
    }

    private var betterText: String {
        let (first, second, neither) = losses.better
        let count = first + second + neither
        let share = { (part: Int) in NumberText.fixed(100 * Double(part) / Double(count), 1) + " %" }
        return
            "A on \(share(first)), B on \(share(second)), equal on \(share(neither)) of \(NumberText.counted(count, comparedUnit))"
    }

    var json: String {
        let (first, second, neither) = losses.better
        let number = { (value: Double?) in value.map { JSONText.number($0) } ?? "null" }
        let keys = (differences ?? []).map {
            "{\"key\":\(JSONText.string($0.key)),\"a\":\(JSONText.string($0.first)),\"b\":\(JSONText.string($0.second))}"
        }
        return
            "{\"a\":\(JSONText.string(paths[0])),\"b\":\(JSONText.string(paths[1])),\"unit\":\"\(unit)\",\"units\":\(losses.unitCount),"
            + "\"loss_a\":\(number(losses.firstLoss)),\"loss_b\":\(number(losses.secondLoss)),"
            + "\"perplexity_a\":\(number(losses.firstPerplexity)),\"perplexity_b\":\(number(losses.secondPerplexity)),"
            + "\"difference\":\(number(losses.difference)),\"low\":\(number(interval?.low)),\"high\":\(number(interval?.high)),"
            + "\"resamples\":\(settings.resamples),\"seed\":\(settings.seed),\"lines\":\(losses.blockCount),"
            + "\"compared_by\":\"\(comparedUnit)\",\"a_better\":\(first),\"b_better\":\(second),\"equal\":\(neither),"
            + "\"oovs_a\":\(comparison.unknownCounts.first),\"oovs_b\":\(comparison.unknownCounts.second),"
            + "\"configuration\":[\(keys.joined(separator: ","))]}"
    }
}
