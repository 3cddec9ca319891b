import Failures
import Tasks

/// A page about one or several runs: one HTML file without scripts, that needs no network.
///
/// It is well-formed XML. Every text of a run is escaped. Its size does not grow with the length of the runs: curves are thinned,
/// and only the last samples are shown.
package struct ReportPage {
    let runs: [RunHistory]
    /// The version of the program.
    private let version: String
    /// The number of colours of the style sheet. More runs repeat them, with another form of the line.
    static let colourCount = 8

    /// - Parameter runs: at least one.
    package init(_ runs: [RunHistory], version: String) {
        precondition(!runs.isEmpty, "a report without a run")
        self.runs = Self.withDistinctNames(runs)
        self.version = version
    }

    /// Runs in folders of the same name get numbers.
    private static func withDistinctNames(_ runs: [RunHistory]) -> [RunHistory] {
        runs.enumerated().map { index, run in
            var run = run
            if runs.filter({ $0.name == run.name }).count > 1 { run.name += " (\(index + 1))" }
            return run
        }
    }

    /// The complete page.
    package var html: String {
        let title = runs.count == 1 ? "Run \(runs[0].name)" : "\(runs.count) runs"
        return PageDocument.html(
            title: title, note: "rnntrain \(version). Losses are in \(lossUnits).", runCount: runs.count,
            sections: [
                ("Figures", figures), ("Curves", switches + curves), ("Samples", samples), ("Configuration", configuration),
                ("Machine and data", machine), ("Digests", digests),
            ])
    }

    // MARK: Curves

    /// A box for each run, which hides its lines. The style sheet does this without a script.
    private var switches: String {
        guard runs.count > 1 else { return "" }
        let boxes = runs.enumerated().map { index, run in
            "<label class=\"r\(index)\"><input type=\"checkbox\" id=\"run\(index)\" checked=\"checked\"/><i class=\"swatch\"></i> "
                + "\(HTMLText.escaped(run.name))</label>"
        }
        return HTMLText.element(
            "fieldset", [("class", "switches")], HTMLText.text("legend", [], "Runs shown") + boxes.joined())
    }

    private var curves: String {
        let charts = [lossChart] + metrics.map(chart) + figureCharts + [gradientChart]
        return HTMLText.element("div", [("class", "charts")], charts.map(\.html).joined())
    }

    /// Fewer points a line if there are many runs, so that the page stays small.
    private var pointCount: Int { max(60, 600 / max(1, runs.count / 2)) }

    /// - Parameter metric: only runs with this metric.
    private func lines(
        _ curve: String, _ suffix: String = "", style: String = "", of metric: MetricPresentation? = nil,
        _ map: ((Double) -> Double)? = nil
    ) -> [Chart.Line] {
        runs.enumerated().compactMap { index, run in
            guard metric == nil || run.metric.presentation == metric, let found = run.curves[curve] else { return nil }
            let name = runs.count == 1 ? (suffix.isEmpty ? curve : suffix) : [run.name, suffix].joined(separator: " ")
            return Chart.Line(curve: map.map(found.map) ?? found, name: name, run: index, style: style)
        }
    }

    /// The metrics of the runs' tasks, each once.
    var metrics: [MetricPresentation] {
        runs.map(\.metric.presentation).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    /// The units of the losses, which depend on the tasks.
    private var lossUnits: String {
        metrics.map(\.lossUnit).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }.joined(separator: " or ")
    }

    private var lossChart: Chart {
        let unit = lossUnits.prefix(1).uppercased() + lossUnits.dropFirst()
        return Chart(
            title: "Loss",
            caption: "\(unit). Thin: training, mean since the last line of the log\(estimateText). Points: validation.",
            lines: lines("loss", "training", style: "faint") + lines("valid_loss", "validation", style: "marked"),
            pointCount: pointCount)
    }

    /// What the caption says of training losses that are estimates from samples: of all runs, or of which ones.
    private var estimateText: String {
        let names = runs.filter(\.estimatesTraining).map(\.name)
        if names.isEmpty { return "" }
        return ", an estimate from samples" + (names.count == runs.count ? "" : " in \(names.joined(separator: ", "))")
    }

    /// The figure by which the models of a task are compared.
    private func chart(of metric: MetricPresentation) -> Chart {
        let training = lines("figure", "training", style: "faint", of: metric)
        return Chart(
            title: metric.name.prefix(1).uppercased() + metric.name.dropFirst(),
            caption: (metric.isLogarithmic ? "Logarithmic scale. " : "")
                + (training.isEmpty ? "Of the validation text." : "Thin: training. Points: validation."),
            lines: training + lines("valid_figure", "validation", style: "marked", of: metric),
            isLogarithmic: metric.isLogarithmic, startsAtZero: !metric.isLogarithmic, pointCount: pointCount)
    }

    private var figureCharts: [Chart] {
        let clipped = lines("clipped") { $0 * 100 }
        let points = clipped.flatMap(\.curve.points)
        let clipsNone = !points.isEmpty && points.allSatisfy { $0.value == 0 }
        let byValue = runs.contains { $0.configuration.clip > 0 && $0.configuration.clipMode == .value }
        return [
            Chart(
                title: "Gradient norm",
                caption: "Of the last step before each line of the log, before clipping. Logarithmic scale.",
                lines: lines("gradient_norm"), isLogarithmic: true, pointCount: pointCount),
            Chart(
                title: "Clipped steps",
                caption: "Share of the steps since the last line of the log whose gradient was clipped, in per cent."
                    + (clipsNone ? " No step was clipped." : "")
                    + (byValue ? " Runs that clip each element by itself have no share." : ""),
                lines: clipped, startsAtZero: true, pointCount: pointCount),
            Chart(
                title: "Learning rate", caption: "Of the last step before each line of the log.", lines: lines("learning_rate"),
                startsAtZero: true, pointCount: pointCount),
            Chart(
                title: "Throughput", caption: "Tokens per second of all ranks.", lines: lines("tokens_per_second"),
                startsAtZero: true, pointCount: pointCount),
        ]
    }

    /// One line for each layer of each run.
    private var gradientChart: Chart {
        let prefix = "hidden_gradient_l"
        let layers = Set(
            runs.flatMap { $0.curves.keys.compactMap { $0.hasPrefix(prefix) ? Int($0.dropFirst(prefix.count)) : nil } }
        )
        .sorted()
        let styles = [("", "solid"), ("dashed", "dashed"), ("dotted", "dotted"), ("faint", "thin")]
        let names = styles.indices.prefix(layers.count).map { style in
            let own = layers.indices.filter { $0 % styles.count == style }.map { "\(layers[$0])" }
            return "\(styles[style].1): \(own.count == 1 ? "layer" : "layers") \(own.joined(separator: ", "))"
        }
        return Chart(
            title: "Hidden gradients",
            caption: "Sum of the magnitudes of the loss's gradient with respect to h over a window, by layer "
                + "(\(names.joined(separator: "; "))). Logarithmic scale.",
            lines: layers.enumerated().flatMap { index, layer in
                lines("\(prefix)\(layer)", "layer \(layer)", style: styles[index % styles.count].0)
            },
            isLogarithmic: true, pointCount: pointCount)
    }
}
