import ArgumentParser
import Configuration
import Failures
import Files
import Inspection
import Kinds
import Reports

/// `rnntrain error-surface`: gradient descent with and without clipping on the error surface of one unit.
struct ErrorSurfaceCommand: ExampledCommand {
    static let configuration = CommandConfiguration(
        commandName: "error-surface",
        abstract: "Show gradient descent on the error surface of a network with one unit, with and without clipping.",
        discussion: """
            The network is x(t) = w s(x(t-1)) + b from x(0) = 0.5, with the error (s(x(T)) - 0.7)^2 after T steps (Pascanu, Mikolov & Bengio \
            2013, figure 6). It needs no text and no checkpoint.
            """)

    static let examples = [
        HelpExample(
            "Print both paths, and write a page with the surface",
            "rnntrain error-surface --html surface.html"),
        HelpExample(
            "Clip at a smaller norm, and print every place of both paths as JSON",
            "rnntrain error-surface --clip 0.1 --json"),
    ]

    @Option(help: ArgumentHelp("T, the steps of the network.", valueName: "n"))
    var steps = "50"

    @Option(name: .customLong("start-w"), help: ArgumentHelp("w at the start of both paths.", valueName: "x"))
    var startW = "6.0"

    @Option(name: .customLong("start-b"), help: ArgumentHelp("b at the start of both paths.", valueName: "x"))
    var startB = "-2.5"

    @Option(help: ArgumentHelp("Learning rate of both paths.", valueName: "x"))
    var learningRate = "0.5"

    @Option(help: ArgumentHelp("Largest norm of the gradient, for the path with clipping.", valueName: "x"))
    var clip = "0.5"

    @Option(help: ArgumentHelp("Updates of each path.", valueName: "n"))
    var updates = "100"

    @Option(
        help: ArgumentHelp("Also write a page with the surface and both paths to this file. (default: none)", valueName: "file"),
        completion: .file())
    var html: String?

    @Flag(help: "Replace the file of --html if it exists. (default: off)")
    var force = false

    @Flag(help: "Print one JSON object, with each place of both paths, instead of a table. (default: off)")
    var json = false

    /// The values of the options.
    private struct Numbers {
        let steps, updates: Int
        let start: ErrorSurface.Point
        let learningRate, clip: Double
    }

    private static let starts = ValueRange<Double>(
        description: "a number from -1000 to 1000", ends: ["-1000", "1000"], contains: { abs($0) <= 1000 })

    /// Throws for a value out of range.
    private func numbers() throws(ConfigurationError) -> Numbers {
        let counts = ValueRange.whole(1...100_000)
        return Numbers(
            steps: try counts.value(steps, of: "--steps"), updates: try counts.value(updates, of: "--updates"),
            start: ErrorSurface.Point(
                w: try Self.starts.value(startW, of: "--start-w"), b: try Self.starts.value(startB, of: "--start-b")),
            learningRate: try ValueRange.number().value(learningRate, of: "--learning-rate"),
            clip: try ValueRange.number().value(clip, of: "--clip"))
    }

    func run() throws {
        let numbers = try numbers()
        if let html { try OutputFile.checkPage(html, namedBy: "--html", inputs: [], isForced: force) }
        let surface = ErrorSurface(steps: numbers.steps)
        let paths = [nil, numbers.clip].map { clip in
            (
                name: clip.map { "clipped to a norm of \(NumberText.significant($0))" } ?? "without clipping",
                places: surface.path(from: numbers.start, rate: numbers.learningRate, clip: clip, updates: numbers.updates)
            )
        }
        let rows = [Self.head] + paths.map { Self.row($0.name, $0.places) }
        let result = json ? Self.json(paths) : rows.map { $0.joined(separator: "\t") }.joined(separator: "\n")
        try printResult(result) {
            if let html { try DurableFile.write(page(surface, numbers, paths, rows).html, to: html) }
        }
    }

    private func page(
        _ surface: ErrorSurface, _ numbers: Numbers, _ paths: [(name: String, places: [ErrorSurface.Place])], _ rows: [[String]]
    ) -> SurfacePage {
        let start = numbers.start
        return SurfacePage(
            title: "Error surface of one unit",
            note:
                "The error after \(numbers.steps) steps, dark where it is large, and \(numbers.updates) updates at the learning rate "
                + "\(NumberText.significant(numbers.learningRate)). A ring marks the start. Points outside are drawn at the edge.",
            axes: (("w", (start.w - 3)...(start.w + 1)), ("b", (start.b - 1.5)...(start.b + 3.5))),
            surface: { surface.value(at: ErrorSurface.Point(w: $0, b: $1)).error },
            paths: paths.map { path in SurfacePage.Path(path.name, path.places.map { ($0.point.w, $0.point.b) }) }, table: rows)
    }

    private static let head = [
        "path", "last w", "last b", "last error", "smallest error", "largest gradient norm", "largest step",
    ]

    private static func row(_ name: String, _ places: [ErrorSurface.Place]) -> [String] {
        let largestStep = zip(places, places.dropFirst()).map { a, b in
            ((a.point.w - b.point.w) * (a.point.w - b.point.w) + (a.point.b - b.point.b) * (a.point.b - b.point.b)).squareRoot()
        }.max()
        let last = places[places.count - 1]
        return [name]
            + [
                last.point.w, last.point.b, last.error, places.map(\.error).min() ?? last.error,
                places.map(\.gradientNorm).max() ?? 0, largestStep ?? 0,
            ].map { NumberText.significant($0) }
    }

    private static func json(_ paths: [(name: String, places: [ErrorSurface.Place])]) -> String {
        let all = paths.map { path in
            let places = path.places.map { place in
                let values = [place.point.w, place.point.b, place.error, place.gradientNorm].map(JSONText.number)
                return "{\"w\":\(values[0]),\"b\":\(values[1]),\"error\":\(values[2]),\"gradient_norm\":\(values[3])}"
            }
            return "{\"path\":\(JSONText.string(path.name)),\"places\":[\(places.joined(separator: ","))]}"
        }
        return "{\"paths\":[\(all.joined(separator: ","))]}"
    }
}
