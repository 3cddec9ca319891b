import Failures
import Foundation

/// A page with a surface over two axes, as squares of shades, and paths on it.
package struct SurfacePage {
    /// A path on the surface.
    package struct Path {
        let name: String
        let points: [(x: Double, y: Double)]

        /// - Parameter name: for the legend.
        package init(_ name: String, _ points: [(x: Double, y: Double)]) { (self.name, self.points) = (name, points) }
    }

    private let title: String
    private let note: String
    private let axes: (x: (name: String, range: ClosedRange<Double>), y: (name: String, range: ClosedRange<Double>))
    private let surface: (Double, Double) -> Double
    private let paths: [Path]
    private let table: [[String]]

    private static let (cells, cell, left, top) = (56, 8.0, 54.0, 10.0)

    /// - Parameters:
    ///   - surface: the height at (x, y), at least 0.
    ///   - table: the head first.
    package init(
        title: String, note: String,
        axes: (x: (name: String, range: ClosedRange<Double>), y: (name: String, range: ClosedRange<Double>)),
        surface: @escaping (Double, Double) -> Double, paths: [Path], table: [[String]]
    ) {
        (self.title, self.note, self.axes, self.surface) = (title, note, axes, surface)
        (self.paths, self.table) = (paths, table)
    }

    /// The complete page.
    package var html: String {
        let side = Double(Self.cells) * Self.cell
        let svg = HTMLText.element(
            "svg",
            [
                ("viewBox", "0 0 \(Int(Self.left + side + 10)) \(Int(Self.top + side + 44))"), ("role", "img"),
                ("aria-label", "\(title). \(note)"), ("style", "max-width: 44rem"),
            ], squares + paths.enumerated().map(drawing).joined() + labels(side))
        let legend = paths.enumerated().map { index, path in
            "<span style=\"color: \(Self.colours[index % 2])\">\u{25A0}</span> \(HTMLText.escaped(path.name))"
        }
        let figure = HTMLText.element(
            "figure", [], HTMLText.element("p", [("class", "note")], legend.joined(separator: " \u{2003} ")) + svg)
        let rows = table.dropFirst().map { $0.map { HTMLText.escaped($0) } }
        return PageDocument.html(
            title: title, note: note, runCount: 1,
            sections: [("Surface", figure), ("Paths", PageDocument.table(table.first ?? [], Array(rows)))])
    }

    private static let colours = ["#d95f02", "#1b7fdc"]

    /// The surface, dark where it is high.
    private var squares: String {
        let places = (0..<Self.cells).map { (Double($0) + 0.5) / Double(Self.cells) }
        let heights = places.map { row in places.map { surface(at($0, axes.x.range), at(1 - row, axes.y.range)) } }
        let largest = max(heights.joined().max() ?? 0, .leastNormalMagnitude)
        let rectangles = heights.enumerated().flatMap { row, values in
            values.enumerated().map { column, height in
                let shade = Int(245 - 190 * (height / largest).squareRoot())
                let (x, y) = (Self.left + Double(column) * Self.cell, Self.top + Double(row) * Self.cell)
                return
                    "<rect x=\"\(Int(x))\" y=\"\(Int(y))\" width=\"8\" height=\"8\" style=\"fill: rgb(\(shade),\(shade),\(shade))\"/>"
            }
        }
        // Without it, the background shows between squares.
        return HTMLText.element("g", [("shape-rendering", "crispEdges")], rectangles.joined())
    }

    private func at(_ share: Double, _ range: ClosedRange<Double>) -> Double {
        range.lowerBound + share * (range.upperBound - range.lowerBound)
    }

    /// A path; points outside the axes are drawn at the edge.
    private func drawing(_ index: Int, _ path: Path) -> String {
        let colour = Self.colours[index % 2]
        let places = path.points.map { point in
            (
                place(point.x, axes.x.range, in: Self.left),
                Self.top + Double(Self.cells) * Self.cell - place(point.y, axes.y.range, in: 0)
            )
        }
        let line = places.map { "\(Self.text($0)),\(Self.text($1))" }.joined(separator: " ")
        let dots = places.map { "<circle cx=\"\(Self.text($0))\" cy=\"\(Self.text($1))\" r=\"2.5\" style=\"fill: \(colour)\"/>" }
        let start = places.prefix(1).map {
            "<circle cx=\"\(Self.text($0))\" cy=\"\(Self.text($1))\" r=\"6\" style=\"fill: none; stroke: white; stroke-width: 2\"/>"
        }
        return "<polyline points=\"\(line)\" style=\"fill: none; stroke: \(colour); stroke-width: 1.5\"/>" + dots.joined()
            + start.joined()
    }

    private func place(_ value: Double, _ range: ClosedRange<Double>, in origin: Double) -> Double {
        let share = (value - range.lowerBound) / (range.upperBound - range.lowerBound)
        return origin + max(0, min(1, share.isFinite ? share : 1)) * Double(Self.cells) * Self.cell
    }

    private func labels(_ side: Double) -> String {
        func label(_ text: String, _ x: Double, _ y: Double, _ anchor: String) -> String {
            HTMLText.text("text", [("x", Self.text(x)), ("y", Self.text(y)), ("text-anchor", anchor)], text)
        }
        let (x, y, bottom) = (axes.x, axes.y, Self.top + side)
        return label(ChartScale.label(x.range.lowerBound), Self.left, bottom + 18, "start")
            + label(ChartScale.label(x.range.upperBound), Self.left + side, bottom + 18, "end")
            + label(x.name, Self.left + side / 2, bottom + 36, "middle")
            + label(ChartScale.label(y.range.lowerBound), Self.left - 6, bottom, "end")
            + label(ChartScale.label(y.range.upperBound), Self.left - 6, Self.top + 12, "end")
            + label(y.name, Self.left - 6, Self.top + side / 2, "end")
    }

    /// A coordinate with one decimal.
    private static func text(_ value: Double) -> String { String(format: "%.1f", value) }
}
