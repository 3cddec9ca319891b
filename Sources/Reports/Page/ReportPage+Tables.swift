import Configuration
import Failures
import Kinds
import Runs
import Tasks

extension ReportPage {
    /// The main result of each run.
    var figures: String {
        let table = PageDocument.table(
            ["run", "steps", "best model at step", "validation loss"] + metrics.map { "validation \($0.name)" }
                + metrics.map { "test \($0.name)" } + ["outcome"],
            runs.enumerated().map { index, run in
                let best = run.best
                let has = metrics.map { $0 == run.metric.presentation }
                return [
                    name(index), text(run.steps.map(NumberText.grouped)),
                    text(best.map { NumberText.grouped($0.step) + ($0.isAbandoned ? " (abandoned)" : "") }),
                ]
                    + [number(best?.loss)] + has.map { number($0 ? best?.figure : nil) }
                    + has.map { number($0 ? run.testFigure : nil) }
                    + [text(outcome(run))]
            })
        guard runs.contains(where: { $0.best?.isAbandoned == true }) else { return table }
        return table + HTMLText.text("p", [], Self.abandoned)
    }

    /// The reason of the end, and how often the run returned to a checkpoint.
    private func outcome(_ run: RunHistory) -> String {
        let end = run.end?.texts["reason"] ?? "no end in the log"
        return run.returns == 0 ? end : "\(end); returned to a checkpoint \(counted(run.returns, "time"))"
    }

    private static let abandoned =
        "Abandoned: the run continued from an earlier step than that of its best model, and no validation since then repeats or improves on that of this "
        + "model. With other options, its figures, also on the test text, are not those of the steps shown. The values of keys, builds, ranks, hosts "
        + "and kernels are those with which the steps shown were trained."

    // MARK: Samples

    /// The number of last samples of each run.
    private var sampleCount: Int { max(2, 24 / runs.count) }
    private static let longestSample = 2000

    /// The last samples of each run, the newest first.
    var samples: String {
        runs.enumerated().filter { !$0.element.samples.isEmpty }.map { index, run in
            let texts = run.samples.suffix(sampleCount).reversed().map { sample in
                HTMLText.text("h4", [], "Step \(NumberText.grouped(sample.step))")
                    + HTMLText.text("pre", [("tabindex", "0")], String(sample.text.prefix(Self.longestSample)))
            }
            return PageDocument.details(name(index), texts.joined(), isOpen: runs.count == 1)
        }.joined()
    }

    // MARK: Configuration

    /// The keys in which runs differ, then all keys.
    var configuration: String {
        let all = ConfigurationKey.allCases.filter { key in runs.contains { value(of: key, $0) != RunHistory.notSet } }
        let different = all.filter { key in Set(runs.map { value(of: key, $0) }).count > 1 }
        var html = ""
        if runs.count > 1 {
            html +=
                different.isEmpty
                ? HTMLText.text("p", [], "The configurations are equal.")
                : HTMLText.text("h3", [], "Differences") + keyTable(different, highlighting: [])
        }
        return html + PageDocument.details("All keys", keyTable(all, highlighting: Set(different)), isOpen: false)
    }

    private func value(of key: ConfigurationKey, _ run: RunHistory) -> String {
        run.trainedValues(of: key)?.joined(separator: ", ") ?? run.configuration.value(of: key)?.description ?? RunHistory.notSet
    }

    private func keyTable(_ keys: [ConfigurationKey], highlighting marked: Set<ConfigurationKey>) -> String {
        let standard = TrainingConfiguration()
        return PageDocument.table(
            ["key"] + runs.indices.map { runs.count == 1 ? "value" : runs[$0].name },
            keys.map { key in
                [HTMLText.text("code", [], key.rawValue)]
                    + runs.map { run in
                        let value = value(of: key, run)
                        return HTMLText.text(
                            "span", value == standard.value(of: key)?.description ? [("class", "default")] : [],
                            Quotation.inFull(value))
                    }
            }, marking: keys.map(marked.contains))
            + HTMLText.text("p", [("class", "note")], "Grey: the default.")
    }

    // MARK: Machine and digests

    /// The fields of the lines `start` and `resume` that may differ from job to job.
    private static let jobFields = ["version", "build", "ranks", "hosts", "kernels"]
    /// Those of which the last line counts.
    private static let dataFields = [
        "shards", "parameters", "vocabulary_size", "train_tokens", "valid_tokens", "test_tokens", "private_bytes", "shared_bytes",
    ]

    var machine: String {
        PageDocument.table(
            ["field"] + runs.indices.map { runs.count == 1 ? "value" : runs[$0].name },
            (Self.jobFields + Self.dataFields).map { field in
                [HTMLText.text("code", [], field)]
                    + runs.map { text(Self.jobFields.contains(field) ? $0.values(ofJobs: field) : $0.beginning?.value(field)) }
            })
    }

    var digests: String {
        PageDocument.table(
            ["run", "best parameters", "last parameters", "vocabulary", "training text"],
            runs.enumerated().map { index, run in
                [name(index)]
                    + [
                        run.best?.digest, run.lastDigest,
                        run.beginning?.texts["vocabulary_digest"], run.beginning?.texts["train_digest"],
                    ].map { $0.map { HTMLText.text("code", [], $0) } ?? text(nil) }
            })
    }

    // MARK: Parts

    /// The name of a run with its colour, as HTML.
    private func name(_ index: Int) -> String {
        "<span class=\"r\(index)\"><i class=\"swatch\"></i> \(HTMLText.escaped(runs[index].name))</span>"
    }

    private func text(_ value: String?) -> String { HTMLText.escaped(Quotation.showingBytes(value ?? "-")) }

    private func number(_ value: Double?) -> String {
        text(value.map { $0 == .infinity ? NumberText.perplexity($0) : NumberText.significant($0, 5) })
    }
}
