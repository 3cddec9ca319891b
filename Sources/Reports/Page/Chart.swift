import Foundation

/// A chart of curves over training steps, as inline SVG.
struct Chart {
    /// A curve in the chart.
    struct Line {
        let curve: Curve
        /// The name in the legend, and on the points.
        let name: String
        /// The number of the run, which selects the colour, and by which the page hides lines.
        let run: Int
        /// The classes of the line's form: `faint`, `marked`, `dashed`.
        var style = ""
    }

    let title: String
    /// The unit of the values, and how to read the chart.
    let caption: String
    let lines: [Line]
    var isLogarithmic = false
    var startsAtZero = false
    /// The maximum number of points of a line.
    var pointCount = 600
    /// What the horizontal axis counts.
    var axis = "step"
    /// The names of the lines, as HTML; empty if the caption has them.
    var legend = ""

    // Sizes in units of the drawing.
    private static let size = (width: 520.0, height: 300.0)
    private static let margin = (left: 66.0, right: 14.0, top: 12.0, bottom: 46.0)

    /// The figure; empty if there is nothing to draw.
    var html: String {
        let drawn = lines.map { Line(curve: visible($0.curve), name: $0.name, run: $0.run, style: $0.style) }
        guard let scales = scales(drawn) else { return "" }
        let body = grid(scales) + drawn.map { drawing($0, scales) }.joined()
        let svg = HTMLText.element(
            "svg",
            [
                ("viewBox", "0 0 \(Int(Self.size.width)) \(Int(Self.size.height))"), ("role", "img"),
                ("aria-label", "\(title). \(summary(drawn))"),
            ], body)
        return HTMLText.element(
            "figure", [],
            HTMLText.text("h3", [], title) + legendHTML + svg + HTMLText.text("figcaption", [], caption))
    }

    private var legendHTML: String { legend.isEmpty ? "" : HTMLText.element("p", [("class", "note")], legend) }

    /// Only finite values, and on a logarithmic scale only positive ones.
    private func visible(_ curve: Curve) -> Curve {
        Curve(Curve(curve.points.filter { $0.value.isFinite && (!isLogarithmic || $0.value > 0) }).thinned(to: pointCount))
    }

    private func scales(_ lines: [Line]) -> (x: ChartScale, y: ChartScale)? {
        let points = lines.flatMap(\.curve.points)
        guard let left = points.map(\.step).min(), let right = points.map(\.step).max(),
            let low = points.map(\.value).min(), let high = points.map(\.value).max()
        else { return nil }
        let bottom = startsAtZero ? min(low, 0) : low
        let top = high > bottom ? high : min(bottom + (bottom == 0 ? 1 : abs(bottom) * 0.1), .greatestFiniteMagnitude)
        let last = max(Double(right), Double(left) + 1)
        return (
            ChartScale(Double(left)...last, isExact: true, tickCount: 4), ChartScale(bottom...top, isLogarithmic: isLogarithmic)
        )
    }

    /// What the chart shows, for screen readers.
    private func summary(_ lines: [Line]) -> String {
        lines.compactMap { line in
            line.curve.points.last.map { "\(line.name): \(ChartScale.label($0.value)) at \(axis) \($0.step)" }
        }.joined(separator: "; ")
    }

    // MARK: Drawing

    private func x(_ step: Double, _ scale: ChartScale) -> Double {
        Self.margin.left + scale.place(step) * (Self.size.width - Self.margin.left - Self.margin.right)
    }

    private func y(_ value: Double, _ scale: ChartScale) -> Double {
        let height = Self.size.height - Self.margin.top - Self.margin.bottom
        return Self.size.height - Self.margin.bottom - scale.place(value) * height
    }

    private func grid(_ scales: (x: ChartScale, y: ChartScale)) -> String {
        let (left, right) = (Self.margin.left, Self.size.width - Self.margin.right)
        let bottom = Self.size.height - Self.margin.bottom
        let rows = scales.y.ticks.map { tick -> String in
            let y = y(tick, scales.y)
            return segment((left, y), (right, y)) + label(ChartScale.label(tick), at: (left - 8, y + 4), "end")
        }
        let columns = scales.x.ticks.map { tick in
            // A label at the right edge must not leave the drawing.
            let place = scales.x.place(tick)
            return label(ChartScale.label(tick), at: (x(tick, scales.x), bottom + 20), place > 0.95 ? "end" : "middle")
        }
        return rows.joined() + columns.joined() + label(axis, at: ((left + right) / 2, bottom + 40), "middle")
    }

    private func segment(_ a: (x: Double, y: Double), _ b: (x: Double, y: Double)) -> String {
        "<line x1=\"\(Self.text(a.x))\" y1=\"\(Self.text(a.y))\" x2=\"\(Self.text(b.x))\" y2=\"\(Self.text(b.y))\"/>"
    }

    private func label(_ text: String, at place: (x: Double, y: Double), _ anchor: String) -> String {
        HTMLText.text("text", [("x", Self.text(place.x)), ("y", Self.text(place.y)), ("text-anchor", anchor)], text)
    }

    private func drawing(_ line: Line, _ scales: (x: ChartScale, y: ChartScale)) -> String {
        let places = line.curve.points.map { (x: x(Double($0.step), scales.x), y: y($0.value, scales.y)) }
        guard !places.isEmpty else { return "" }
        let path = places.map { "\(Self.text($0.x)),\(Self.text($0.y))" }.joined(separator: " ")
        var body = "<polyline points=\"\(path)\"/>"
        // A single point has no line.
        if line.style.contains("marked") || places.count == 1 {
            for (point, place) in zip(line.curve.points, places) {
                let value = "\(line.name): \(ChartScale.label(point.value)) at \(axis) \(point.step)"
                body += "<circle cx=\"\(Self.text(place.x))\" cy=\"\(Self.text(place.y))\" r=\"3\">"
                body += HTMLText.text("title", [], value) + "</circle>"
            }
        }
        return HTMLText.element("g", [("class", "line r\(line.run) \(line.style)")], body)
    }

    /// A coordinate with one decimal.
    private static func text(_ value: Double) -> String { String(format: "%.1f", value) }
}
