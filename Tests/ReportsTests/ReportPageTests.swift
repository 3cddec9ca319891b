import Configuration
import Foundation
import FoundationXML
import Reports
import Tasks
import TestSupport
import Testing

@Suite("The page of report")
struct ReportPageTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    /// Writes a run folder with this log.
    private func run(
        _ name: String, _ lines: [String], configure: (inout TrainingConfiguration) throws -> Void = { _ in }
    ) throws -> RunHistory {
        let folder = scratch.folder.appending(path: name)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var configuration = TrainingConfiguration()
        try configure(&configuration)
        try Data(configuration.toml.utf8).write(to: folder.appending(path: "config.toml"))
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: folder.appending(path: "metrics.jsonl"))
        return try #require(try RunHistory(folder: folder.path(percentEncoded: false)))
    }

    private func log(steps: Int, sample: String = "abc", clipped: Double = 0.1) -> [String] {
        let start =
            #"{"event":"start","version":"1","step":0,"ranks":2,"shards":8,"kernels":"avx2","parameters":12345,"vocabulary_digest":"v1","train_digest":"t1"}"#
        return [start]
            + (1...steps).map {
                #"{"event":"step","step":\#($0 * 10),"loss":\#(4 + 2 / Double($0)),"gradient_norm":0.\#($0 % 9 + 1),"clipped":\#(clipped),"learning_rate":0.002,"tokens_per_second":1000}"#
            } + [
                #"{"event":"gradients","step":10,"hidden_gradient_l0":0.5,"hidden_gradient_l1":0.25}"#,
                #"{"event":"sample","step":10,"text":"\#(sample)"}"#,
                #"{"event":"validation","step":\#(steps * 10),"loss":4.5,"perplexity":90.01713130052181,"parameters_digest":"d1"}"#,
            ]
    }

    /// Parses a page, which throws if it is not well-formed. Returns the names of its elements and their texts.
    private func parsed(_ html: String) throws -> PageParser {
        let parser = PageParser()
        let xml = XMLParser(data: Data(html.utf8))
        xml.delegate = parser
        #expect(xml.parse(), "\(xml.parserError.map { "\($0)" } ?? "") at line \(xml.lineNumber)")
        return parser
    }

    @Test("It is well-formed, has no script and no address, and is small, for one run and for several")
    func form() throws {
        let runs = try (0..<3).map { try run("run\($0)", log(steps: 40)) }
        for count in [1, 3] {
            let html = ReportPage(Array(runs.prefix(count)), version: "1.2").html
            let page = try parsed(html)
            #expect(page.elements.contains("svg") && page.elements.contains("polyline"))
            #expect(!page.elements.contains("script") && !page.elements.contains("link") && !page.elements.contains("img"))
            #expect(!html.contains("://") && !html.contains("url(") && !html.contains("@import"))
            #expect(page.attributes.allSatisfy { !["src", "href", "onclick", "onload"].contains($0) })
            #expect(html.hasPrefix("<!DOCTYPE html>\n") && html.contains("prefers-color-scheme:dark"))
        }
    }

    @Test("Texts of a run are escaped: its name, its samples, and values of its configuration")
    func escaping() throws {
        let attack = "</pre><script>alert('1')</script>&\u{202E}"
        let history = try run(
            "a<script>alert(1)<b>", log(steps: 3, sample: attack + "\\u0000\\u001b")
        ) { $0.train = "<img src=x onerror=alert(2)>" }
        let html = ReportPage([history, history], version: "<i>").html
        let page = try parsed(html)
        #expect(!html.contains("<script") && !html.contains("<img") && !html.contains("<b>") && !html.contains("<i>"))
        #expect(!html.unicodeScalars.contains("\u{202E}"))
        #expect(page.text.contains("</pre><script>alert('1')</script>&\u{FFFD}\u{FFFD}\u{FFFD}"))
        #expect(page.text.contains("a<script>alert(1)<b>") && page.text.contains("<img src=x onerror=alert(2)>"))
    }

    @Test("A page about twelve long runs with long samples stays under a megabyte")
    func size() throws {
        let long = try run("long", log(steps: 5000, sample: String(repeating: "<&>", count: 3000)))
        let html = ReportPage(Array(repeating: long, count: 12), version: "1").html
        #expect(html.utf8.count < 1_000_000)
        #expect(html.utf8.count > 100_000)
        // The last point of a thinned curve that is neither the lowest nor the highest of its part.
        #expect(html.contains(/: 0\.60* at step 50000/))
        _ = try parsed(html)
    }

    @Test("The best model is that of the end, or the last validation that was the best, not the lowest loss of the log")
    func best() throws {
        let lines =
            log(steps: 30) + [
                #"{"event":"validation","step":301,"loss":4.25,"best":true}"#,
                #"{"event":"validation","step":302,"loss":4.125,"best":false}"#,
            ]
        func figures(_ name: String, _ lines: [String]) throws -> Substring {
            let table = ReportPage([try run(name, lines)], version: "1").html.firstMatch(of: /at step(?s:.*?)<\/table>/)
            return try #require(table).0
        }
        let running = try figures("running", lines)
        #expect(running.contains("4.25") && running.contains("301") && !running.contains("4.125"), "\(running)")
        let end = #"{"event":"end","step":302,"reason":"epochs","best_step":300,"best_loss":4.5}"#
        let ended = try figures("ended", lines + [end])
        #expect(ended.contains("4.5") && ended.contains("300") && !ended.contains("4.25"), "\(ended)")
        let lost = #"{"event":"end","step":302,"reason":"epochs","lost_best_step":301,"lost_best_loss":4.25}"#
        #expect(try !figures("lost", lines + [lost]).contains("4.25"))
        let resume = #"{"event":"resume","step":302,"best_step":300,"best_loss":4.5,"best_parameters_digest":"ab12"}"#
        let resumed = ReportPage([try run("resumed", lines + [resume])], version: "1").html
        #expect(try figures("resumed", lines + [resume]).contains("4.5") && resumed.contains("<code>ab12</code>"), "\(resumed)")
        #expect(try !figures("none", lines + [#"{"event":"resume","step":302,"best_step":null}"#]).contains("4.25"))
    }

    @Test("After a rollback or a resume, the best model is still the one in best.safetensors; a new run has none")
    func bestAfterReturn() throws {
        let lines = [
            #"{"event":"start","step":0}"#, #"{"event":"validation","step":20,"loss":0.625,"criterion":0.25,"best":true}"#,
            #"{"event":"rollback","step":10}"#, #"{"event":"validation","step":15,"loss":2.5,"criterion":0.75,"best":false}"#,
            #"{"event":"resume","step":12}"#,
        ]
        func row(_ name: String, _ lines: [String]) throws -> String {
            let html = ReportPage([try run(name, lines) { $0.task = TaskKind.classifier }], version: "1").html
            return String(try #require(html.firstMatch(of: /at step(?s:.*?)<\/table>/)).0)
        }
        #expect(try row("whole", Array(lines.prefix(2))).contains("<td>20</td><td>0.625</td><td>0.75</td>"))
        let best = "<td>20 (abandoned)</td><td>0.625</td><td>0.75</td>"
        for count in 3...5 {
            let running = try row("running\(count)", Array(lines.prefix(count)))
            #expect(running.contains(best), "\(running)")
        }
        let end =
            #"{"event":"end","step":15,"reason":"epochs","best_step":20,"best_accuracy":0.75,"best_criterion":0.25,"best_is_abandoned":true}"#
        #expect(try row("ended", lines + [end]).contains(best))
        // Another model of the same step with the same accuracy.
        func tie(_ loss: Double, _ digest: String, best: Bool) -> String {
            #"{"event":"validation","step":20,"loss":\#(loss),"criterion":0.25,"best":\#(best),"parameters_digest":"\#(digest)"}"#
        }
        let tied = [lines[0], tie(0.625, "aa", best: true), lines[2], tie(0.5, "bb", best: false)]
        #expect(
            try row("tied", tied + [end.replacing("}", with: #","best_parameters_digest":"aa"}"#)]).contains("<td>0.625</td>"))
        #expect(try !row("new", lines + [#"{"event":"start","step":0}"#]).contains("0.625"))
        func start(_ identity: String) -> String { #"{"event":"start","step":0,"run_identity":"\#(identity)"}"# }
        let again = [start("a")] + lines.dropFirst().prefix(1) + [start("a")]
        #expect(try row("again", again).contains(best), "a run that starts again")
        #expect(try !row("other", [start("a")] + lines.dropFirst() + [start("b")]).contains("0.625"))
    }

    @Test("Training losses that are estimated from samples have no perplexity, and the chart of losses says so")
    func estimatedLosses() throws {
        let estimated = try run("e", log(steps: 4)) { try $0.set(.output, argument: "nce") }
        let exact = try run("x", log(steps: 4))
        let page = try parsed(ReportPage([estimated], version: "1").html)
        #expect(page.labels.contains { $0.hasPrefix("Perplexity.") && $0.contains("validation") && !$0.contains("training") })
        #expect(page.labels.contains { $0.hasPrefix("Loss.") && $0.contains("training") })
        #expect(page.text.contains("mean since the last line of the log, an estimate from samples. Points: validation."))
        let both = try parsed(ReportPage([estimated, exact], version: "1").html)
        #expect(both.labels.contains { $0.hasPrefix("Perplexity.") && $0.contains("x training") && !$0.contains("e training") })
        #expect(both.text.contains("an estimate from samples in e. Points"))
        #expect(try !parsed(ReportPage([exact], version: "1").html).text.contains("estimate"))
    }

    @Test("A perplexity over 1e308, which the log cannot have, is shown as such for validation and test")
    func overflownPerplexity() throws {
        let lines = [
            #"{"event":"start","step":0}"#, #"{"event":"validation","step":20,"loss":2000,"perplexity":null,"best":true}"#,
            #"{"event":"end","step":20,"reason":"epochs","best_step":20,"best_loss":2000,"test_loss":3000,"test_perplexity":null}"#,
        ]
        let html = ReportPage([try run("o", lines)], version: "1").html
        let cells = ["20", "2000", "over 1e308", "over 1e308", "epochs"].map { "<td>\($0)</td>" }
        #expect(html.contains(cells.joined()), "\(html.firstMatch(of: /<table(?s:.*?)<\/table>/)?.0 ?? "")")
    }

    @Test("A classifier has its accuracy, also beside a language model, and no perplexity")
    func classifier() throws {
        let lines = [
            #"{"event":"start","step":0}"#, #"{"event":"step","step":10,"loss":0.75}"#,
            #"{"event":"validation","step":20,"loss":0.625,"accuracy":0.75,"criterion":0.25,"best":true}"#,
            #"{"event":"validation","step":30,"loss":0.5,"accuracy":0.6875,"criterion":0.3125,"best":false}"#,
            #"{"event":"end","step":30,"reason":"epochs","best_step":20,"best_accuracy":0.75,"best_criterion":0.25,"test_loss":1.5,"test_accuracy":0.5625}"#,
        ]
        let model = try run("k", lines) { $0.task = TaskKind.classifier }
        let html = ReportPage([model], version: "1").html
        #expect(!html.lowercased().contains("perplexity") && html.contains("nats per line"))
        let cells = ["20", "0.625", "0.75", "0.5625", "epochs"].map { "<td>\($0)</td>" }
        #expect(html.contains(cells.joined()), "\(html.firstMatch(of: /<table(?s:.*?)<\/table>/)?.0 ?? "")")
        let page = try parsed(html)
        #expect(page.labels.contains { $0.hasPrefix("Accuracy.") && $0.contains("validation: 0.6875 at step 30") })
        let both = ReportPage([try run("w", log(steps: 2)), model], version: "1").html
        let labels = try parsed(both).labels
        #expect(labels.contains { $0.hasPrefix("Perplexity.") && $0.contains("w validation") && !$0.contains("k ") })
        #expect(labels.contains { $0.hasPrefix("Accuracy.") && $0.contains("k validation") && !$0.contains("w ") })
        #expect(both.contains("nats per token or nats per line"))
    }

    @Test(
        "Layers are in the order of their numbers, each with the form of its line; a run without an end says how often it returned"
    )
    func manyLayers() throws {
        let gradients = (0..<12).map { #""hidden_gradient_l\#($0)":0.5"# }.joined(separator: ",")
        let back = #"{"event":"rollback","step":10}"#
        let html = ReportPage(
            [try run("deep", log(steps: 3) + [#"{"event":"gradients","step":10,\#(gradients)}"#, back, back])], version: "1.2"
        ).html
        let text = try parsed(html).text
        #expect(text.contains("(solid: layers 0, 4, 8; dashed: layers 1, 5, 9; dotted: layers 2, 6, 10; thin: layers 3, 7, 11)"))
        #expect(text.contains("no end in the log; returned to a checkpoint 2 times"))
    }

    @Test("After a resume the abandoned steps are gone, and a cut last line is not read")
    func resumed() throws {
        let lines =
            log(steps: 4) + [#"{"event":"resume","step":20}"#, #"{"event":"step","step":30,"loss":7.125}"#]
        let folder = scratch.folder.appending(path: "resumed")
        _ = try run("resumed", lines)
        let file = folder.appending(path: "metrics.jsonl")
        try (try Data(contentsOf: file) + Data(#"{"event":"step","step":40,"lo"#.utf8)).write(to: file)
        let history = try #require(try RunHistory(folder: folder.path(percentEncoded: false)))
        let text = try parsed(ReportPage([history], version: "1").html)
        #expect(text.labels.contains { $0.hasPrefix("Loss.") && $0.contains("training: 7.125 at step 30") && !$0.contains("40") })
    }

    @Test("A run that went back to an earlier branch has the steps of that branch, and not those of the one between")
    func branches() throws {
        func step(_ step: Int, _ loss: Double) -> String { #"{"event":"step","step":\#(step),"loss":\#(loss)}"# }
        let lines = [
            #"{"event":"start","step":0}"#, step(10, 5), #"{"event":"checkpoint","step":10}"#, step(20, 4.125),
            #"{"event":"checkpoint","step":20,"parameters_digest":"c0ffee"}"#, #"{"event":"resume","step":10}"#, step(15, 9),
            step(20, 8), #"{"event":"resume","step":20}"#,
        ]
        let text = try parsed(ReportPage([run("branches", lines)], version: "1").html)
        #expect(text.labels.contains { $0.contains("training: 4.125 at step 20") } && text.text.contains("c0ffee"), "\(text)")
    }

    @Test("An axis of zeros has round labels, and the page says that no step was clipped")
    func unclipped() throws {
        let labels = try parsed(ReportPage([run("unclipped", log(steps: 4, clipped: 0))], version: "1").html)
        #expect(labels.text.contains("No step was clipped.") && !labels.text.contains("e-2") && labels.text.contains("0.8"))
        #expect(try !parsed(ReportPage([run("clipped", log(steps: 4))], version: "1").html).text.contains("No step was clipped."))
    }

    @Test("A run that clips each element by itself has no share of clipped steps, and the page does not say that none was")
    func clippedByValue() throws {
        let byValue = try run("value", log(steps: 4).map { $0.replacing(#""clipped":0.1"#, with: #""clipped":null"#) }) {
            try $0.set("clip-mode", argument: "value")
        }
        let byNorm = try run("norm", log(steps: 4, clipped: 0))
        let alone = try parsed(ReportPage([byValue], version: "1").html).text
        #expect(!alone.contains("No step was clipped.") && !alone.contains("Clipped steps"))
        let both = try parsed(ReportPage([byValue, byNorm], version: "1").html).text
        #expect(both.contains("Runs that clip each element by itself have no share."))
    }

    @Test("The page of inspect is well-formed, escapes tokens, and colours them by sign and size")
    func inspection() throws {
        let tokens = [
            InspectionPage.Token("<b>", value: 0.5, next: "a 0.5"), .init("&\n", value: -0.25, next: "<i> 0.1"),
            .init("x", value: 0.01, next: "\""),
        ]
        let page = InspectionPage(
            checkpoint: "runs/<a>", hidden: [[1, 0.5, 0.25], [2, 1, 0]], states: [("c", [[3, 2], [4, 0.75]])],
            logProbability: [[1, 0.5], [2, .nan]],
            tables: [.init("Gates", [["layer", "gate"], ["0", "<f>"]])], unit: ("0:3", tokens))
        let parsed = try parsed(page.html)
        #expect(!page.html.contains("<b>") && !page.html.contains("<i>") && !page.html.contains("<f>"))
        #expect(page.html.contains(#"<span class="t p5" title="0.5000; next: a 0.5">&lt;b&gt;</span>"#))
        #expect(page.html.contains(#"<span class="t n3" title="-0.2500; next: &lt;i&gt; 0.1">&amp;"#))
        #expect(page.html.contains(#"<span class="t" title="0.0100;"#))
        #expect(parsed.labels.contains { $0.contains("layer 1: 1 at lag 2") })
        #expect(page.html.contains("Derivatives of hidden states by c") && page.html.contains("dh(t)/dc(t-lag)"))
        #expect(parsed.labels.contains { $0.contains("layer 1: 0.75 at lag 2") })
    }

    @Test("The keys in which runs differ are listed first; equal configurations are said to be equal")
    func differences() throws {
        let (a, b) = (try run("a", log(steps: 2)), try run("b", log(steps: 2)) { $0.hiddenSize = 77 })
        let page = try parsed(ReportPage([a, b], version: "1").html)
        #expect(page.text.contains("Differences") && page.text.contains("hidden-size"))
        #expect(page.text.contains("77"))
        #expect(try parsed(ReportPage([a, a], version: "1").html).text.contains("The configurations are equal."))
    }
}

/// Collects what a page consists of.
private final class PageParser: NSObject, XMLParserDelegate {
    private(set) var elements: Set<String> = []
    private(set) var attributes: Set<String> = []
    /// The descriptions for screen readers.
    private(set) var labels: [String] = []
    private(set) var text = ""

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes found: [String: String]
    ) {
        elements.insert(name)
        attributes.formUnion(found.keys)
        if let label = found["aria-label"] { labels.append(label) }
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }
}
