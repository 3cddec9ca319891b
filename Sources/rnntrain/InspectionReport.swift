import Failures
import Foundation
import Inspection
import Reports
import Tasks
import TextData

/// What `inspect` found, as tables and as JSON.
struct InspectionReport {
    let checkpoint: String
    /// The tokens that were read, and the unknown ones.
    let unknown: UnknownCount
    let reach: GradientReach
    /// By layer.
    let spectra: [[RecurrentSpectrum]]
    /// Whether they bound the gradient.
    let isBounded: Bool
    let activity: TextActivity
    let unit: TextActivity.Unit?
    /// The units by their correlation with a property; nil without one.
    let correlations: (property: TextProperty, units: [UnitCorrelation])?
    let symbols: TokenTexts
    let vocabulary: Vocabulary

    // MARK: Tables

    /// Tables for people. With colours, each token has a background by the unit's value: blue below 0, orange above.
    func text(isColoured: Bool) -> String {
        ([reachText, spectrumText, gateText, correlationText] + [unit.map { unitText($0, isColoured: isColoured) } ?? ""])
            .filter { !$0.isEmpty }.joined(separator: "\n\n")
    }

    private var reachText: String {
        let columns = reachColumns
        let count = reach.logProbability.first?.count ?? 0
        let rows = (0..<count).map { lag in
            ["\(lag + 1)"] + columns.map { $0.norms.indices.contains(lag) ? Self.number($0.norms[lag]) : "-" }
        }
        let derivatives = ["dh(t)/dh(t-lag)"] + reach.states.map { "dh(t)/d\($0.name)(t-lag)" }
        return
            "norms of \(derivatives.joined(separator: ", ")) (Frobenius) and of dlog p(x(t+lag))/dh(t), by layer; means over "
            + "\(counted(reach.windowCount, "window")) of \(NumberText.counted(reach.windowLength, "token"))\n"
            + Self.table([["lag"] + columns.map(\.head)] + rows)
    }

    /// The columns of norms by lag: for h, for each other state, and for the log probability, each by layer.
    private var reachColumns: [(head: String, norms: [Double])] {
        let all =
            [("dh/dh", reach.hidden)] + reach.states.map { ("dh/d\($0.name)", $0.norms) } + [("dlogp/dh", reach.logProbability)]
        return all.flatMap { name, layers in layers.enumerated().map { ("\(name) l\($0)", $1) } }
    }

    private var spectrumText: String {
        if spectrumRows.count < 2 { return "" }
        let bound =
            ": gradients of a tanh or relu layer vanish if the largest singular value is below 1 (below 4 with sigmoid), "
            + "and can explode only if it is above (Pascanu et al. 2013)"
        return "recurrent weights\(isBounded ? bound : "")\n" + Self.table(spectrumRows)
    }

    /// The head first; only the head for a cell without recurrent matrices.
    private var spectrumRows: [[String]] {
        [["layer", "gate", "spectral radius", "singular value", "largest eigenvalues"]]
            + spectra.enumerated().flatMap { layer, gates in
                gates.map { gate in
                    [
                        "\(layer)", gate.gate, Self.number(gate.spectralRadius), Self.number(gate.largestSingularValue),
                        gate.eigenvalues.prefix(3).map(Self.complex).joined(separator: ", "),
                    ]
                }
            }
    }

    private var gateText: String {
        gateRows.count < 2 ? "" : "gates: share of values below 0.1 and above 0.9\n" + Self.table(gateRows)
    }

    /// The head first; only the head for a cell whose gates are not known.
    private var gateRows: [[String]] {
        [["layer", "gate", "closed %", "open %"]]
            + activity.gates.enumerated().flatMap { layer, gates in
                gates.map { ["\(layer)", $0.name, Self.number($0.closed * 100), Self.number($0.open * 100)] }
            }
    }

    /// The number of units in the table.
    private static let correlationCount = 10

    private var correlationText: String {
        guard let correlations else { return "" }
        return "units by the correlation of h with \(correlations.property.rawValue)\n" + Self.table(correlationRows)
    }

    /// The head first; only the head without a property.
    private var correlationRows: [[String]] {
        [["unit", "correlation"]]
            + (correlations?.units.prefix(Self.correlationCount) ?? []).map {
                ["\($0.unit.layer):\($0.unit.index)", NumberText.fixed($0.correlation, 4)]
            }
    }

    private func unitText(_ unit: TextActivity.Unit, isColoured: Bool) -> String {
        let largest = activity.places.compactMap { $0.activation.map(abs) }.max() ?? 0
        let rows = activity.places.map { place -> String in
            let (token, value) = (shown(place.token), place.activation ?? 0)
            let next = nextText(place)
            let mark = isColoured ? Self.coloured(token, largest > 0 ? value / largest : 0) : token
            return "\(NumberText.fixed(value, 4))\t\(mark)\t\(next)"
        }
        let head = "unit \(unit.layer):\(unit.index): h after each token, the token, the likeliest next tokens with probabilities"
        return ([head] + rows).joined(separator: "\n")
    }

    private func nextText(_ place: TextActivity.Place) -> String {
        place.next.map { "\(shown($0.token)) \(NumberText.fixed($0.probability, 3))" }.joined(separator: "  ")
    }

    private func shown(_ token: Int32) -> String {
        symbols.known(token, vocabulary.bytes(of: token)[...], separatesAtBlanks: true)
    }

    /// The text on a background from blue (-1) through none (0) to orange (1), in the 216 colours of terminals.
    private static func coloured(_ text: String, _ value: Double) -> String {
        let level = Int((abs(value) * 3).rounded())
        let backgrounds = value < 0 ? [0, 153, 75, 27] : [0, 223, 215, 208]
        return level == 0 ? text : "\u{1B}[30;48;5;\(backgrounds[min(level, 3)])m\(text)\u{1B}[0m"
    }

    private static func number(_ value: Double) -> String { NumberText.significant(value) }

    private static func complex(_ value: ComplexNumber) -> String {
        value.imaginary == 0
            ? number(value.real) : "\(number(value.real))\(value.imaginary < 0 ? "-" : "+")\(number(abs(value.imaginary)))i"
    }

    /// Columns aligned at the right, except the last.
    private static func table(_ rows: [[String]]) -> String {
        let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            row.enumerated().map { column, cell in
                String(repeating: " ", count: widths[column] - cell.count) + cell
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }

    // MARK: Page

    /// The page of `--html`.
    var page: InspectionPage {
        InspectionPage(
            checkpoint: checkpoint, hidden: reach.hidden, states: reach.states.map { ($0.name, $0.norms) },
            logProbability: reach.logProbability,
            tables: [
                .init("Recurrent weights", spectrumRows), .init("Gates, below 0.1 and above 0.9", gateRows),
                .init("Correlation with \(correlations?.property.rawValue ?? "")", correlationRows),
            ].filter { !$0.isEmpty },
            unit: unit.map { ("\($0.layer):\($0.index)", pageTokens) })
    }

    /// The text as it was, of pieces after the normalisation; words are separated by blanks.
    private var pageTokens: [InspectionPage.Token] {
        var decoder = TokenDecoder(vocabulary)
        return activity.places.map { place in
            InspectionPage.Token(pageText(place.token, &decoder), value: place.activation ?? 0, next: nextText(place))
        }
    }

    private func pageText(_ token: Int32, _ decoder: inout TokenDecoder) -> String {
        if vocabulary.unit == .sentencepiece {
            var bytes: [UInt8] = []
            decoder.append(token, to: &bytes)
            return String(decoding: bytes, as: UTF8.self)
        }
        if token == vocabulary.lineEndID { return "\n" }
        return inJSON(token) + (vocabulary.unit.isSpaced ? " " : "")
    }

    // MARK: JSON

    /// One JSON object.
    var json: String {
        let layers = reach.hidden.indices.map { layer in
            "{\"layer\":\(layer),\"hidden_gradient_norms\":\(Self.list(reach.hidden[layer])),"
                + "\"state_gradient_norms\":{\(stateNorms(ofLayer: layer))},"
                + "\"log_probability_gradient_norms\":\(Self.list(reach.logProbability[layer])),"
                + "\"spectrum\":[\(spectra[layer].map(Self.object).joined(separator: ","))],"
                + "\"gates\":[\(activity.gates[layer].map(Self.object).joined(separator: ","))]}"
        }
        return "{\"checkpoint\":\(JSONText.string(checkpoint)),\"tokens\":\(unknown.tokens),\"oovs\":\(unknown.unknown),"
            + "\"windows\":\(reach.windowCount),\"window_tokens\":\(reach.windowLength),"
            + "\"layers\":[\(layers.joined(separator: ","))]\(correlationJSON)\(unit.map { ",\"unit\":\(object($0))" } ?? "")}"
    }

    private func stateNorms(ofLayer layer: Int) -> String {
        reach.states.map { "\(JSONText.string($0.name)):\(Self.list($0.norms[layer]))" }.joined(separator: ",")
    }

    private var correlationJSON: String {
        guard let correlations else { return "" }
        let units = correlations.units.map {
            "{\"layer\":\($0.unit.layer),\"index\":\($0.unit.index),\"correlation\":\(JSONText.number($0.correlation))}"
        }
        return ",\"correlations\":{\"property\":\(JSONText.string(correlations.property.rawValue)),"
            + "\"units\":[\(units.joined(separator: ","))]}"
    }

    private static func list(_ values: [Double]) -> String {
        "[" + values.map(JSONText.number).joined(separator: ",") + "]"
    }

    private static func object(_ spectrum: RecurrentSpectrum) -> String {
        let eigenvalues = spectrum.eigenvalues.map { list([$0.real, $0.imaginary]) }.joined(separator: ",")
        return "{\"gate\":\(JSONText.string(spectrum.gate)),\"spectral_radius\":\(JSONText.number(spectrum.spectralRadius)),"
            + "\"largest_singular_value\":\(JSONText.number(spectrum.largestSingularValue)),\"eigenvalues\":[\(eigenvalues)]}"
    }

    private static func object(_ gate: TextActivity.Gate) -> String {
        "{\"gate\":\(JSONText.string(gate.name)),\"closed_share\":\(JSONText.number(gate.closed)),"
            + "\"open_share\":\(JSONText.number(gate.open))}"
    }

    private func object(_ unit: TextActivity.Unit) -> String {
        let places = activity.places.map { place in
            let next = place.next.map {
                "{\"token\":\(JSONText.string(inJSON($0.token))),\"probability\":\(JSONText.number($0.probability))}"
            }
            return "{\"token\":\(JSONText.string(inJSON(place.token))),"
                + "\"activation\":\(JSONText.number(place.activation ?? .nan)),\"next\":[\(next.joined(separator: ","))]}"
        }
        return "{\"layer\":\(unit.layer),\"index\":\(unit.index),\"places\":[\(places.joined(separator: ","))]}"
    }

    private func inJSON(_ token: Int32) -> String {
        symbols.isUnknown(token) ? "<unk>" : symbols.inJSON(vocabulary.bytes(of: token)[...])
    }
}
