import Failures

/// A page about the inside of a model: norms of derivatives by lag, tables, and one unit over a text.
package struct InspectionPage {
    /// A table of texts.
    package struct Table {
        let title: String
        let rows: [[String]]

        /// - Parameter rows: the head first.
        package init(_ title: String, _ rows: [[String]]) { (self.title, self.rows) = (title, rows) }

        /// Whether there is only a head.
        package var isEmpty: Bool { rows.count < 2 }
    }

    /// A token of a text, with a unit's value after it.
    package struct Token {
        let text: String
        let value: Double
        let next: String

        /// - Parameter next: the likeliest next tokens.
        package init(_ text: String, value: Double, next: String) { (self.text, self.value, self.next) = (text, value, next) }
    }

    private let checkpoint: String
    /// `[layers][lags]`, from lag 1 on.
    private let hidden: [[Double]]
    private let states: [(name: String, norms: [[Double]])]
    private let logProbability: [[Double]]
    private let tables: [Table]
    /// The name of the unit, and the text; nil without a unit.
    private let unit: (name: String, tokens: [Token])?

    /// - Parameters:
    ///   - hidden: norms of dh(t)/dh(t-n), `[layers][lags]`.
    ///   - states: norms of dh(t)/ds(t-n), `[layers][lags]`, for each other state s of the cell.
    ///   - logProbability: norms of d log p(x(t+n))/dh(t), `[layers][lags]`.
    package init(
        checkpoint: String, hidden: [[Double]], states: [(name: String, norms: [[Double]])], logProbability: [[Double]],
        tables: [Table], unit: (name: String, tokens: [Token])?
    ) {
        (self.checkpoint, self.hidden, self.states, self.logProbability) = (checkpoint, hidden, states, logProbability)
        (self.tables, self.unit) = (tables, unit)
    }

    /// The complete page.
    package var html: String {
        let charts =
            chart(
                "Derivatives of hidden states", "Frobenius norm of dh(t)/dh(t-lag) within each layer. Logarithmic scale.", hidden)
            + states.map { state in
                chart(
                    "Derivatives of hidden states by \(state.name)",
                    "Frobenius norm of dh(t)/d\(state.name)(t-lag) within each layer. Logarithmic scale.", state.norms)
            }.joined()
            + chart(
                "Derivatives of log probabilities", "Norm of d log p(x(t+lag))/dh(t), by layer. Logarithmic scale.",
                logProbability)
        let sections = [("Gradients through time", HTMLText.element("div", [("class", "charts")], charts))]
        return PageDocument.html(
            title: "Inside \(checkpoint)", note: "Means over places of the text.", runCount: max(hidden.count, 1),
            sections: sections + tables.map { ($0.title, html($0)) } + [("Unit \(unit?.name ?? "")", unitText)])
    }

    private func chart(_ title: String, _ caption: String, _ norms: [[Double]]) -> String {
        let lines = norms.enumerated().map { layer, values in
            Chart.Line(
                curve: Curve(values.enumerated().map { .init(step: $0 + 1, value: $1) }), name: "layer \(layer)", run: layer,
                style: "marked")
        }
        let names = norms.indices.map { "<span class=\"r\($0)\"><i class=\"swatch\"></i> layer \($0)</span>" }
        return Chart(
            title: title, caption: caption, lines: lines, isLogarithmic: true, axis: "lag",
            legend: norms.count > 1 ? names.joined(separator: " ") : ""
        ).html
    }

    private func html(_ table: Table) -> String {
        PageDocument.table(table.rows.first ?? [], table.rows.dropFirst().map { $0.map { HTMLText.escaped($0) } })
    }

    /// The text, coloured by the unit's value relative to its largest magnitude.
    private var unitText: String {
        guard let unit else { return "" }
        let largest = max(unit.tokens.map { abs($0.value) }.max() ?? 0, .leastNormalMagnitude)
        let marks = unit.tokens.map { token in
            let level = Int((abs(token.value) / largest * 5).rounded())
            let title = "\(NumberText.fixed(token.value, 4)); next: \(token.next)"
            return HTMLText.text(
                "span", [("class", level == 0 ? "t" : "t \(token.value < 0 ? "n" : "p")\(level)"), ("title", title)], token.text)
        }
        return HTMLText.text(
            "p", [("class", "note")],
            "Blue: h of the unit after the token is below 0; orange: above 0. Point at a token to see the value and the likeliest next tokens."
        ) + HTMLText.element("pre", [("class", "unit"), ("tabindex", "0")], marks.joined())
            + PageDocument.details(
                "Values and likeliest next tokens",
                PageDocument.table(
                    ["token", "h", "likeliest next tokens"],
                    unit.tokens.prefix(2000).map {
                        [
                            HTMLText.text("code", [], $0.text.replacing("\n", with: "\\n")),
                            HTMLText.escaped(NumberText.fixed($0.value, 4)), HTMLText.escaped($0.next),
                        ]
                    }), isOpen: false)
    }
}
