import Configuration
import Foundation
import Reports
import TestSupport
import Testing

/// Losses near 709.78, above which the perplexity is no number of double precision.
@Suite("The page of a run with the largest perplexities")
struct LargePerplexityTests {
    @Test(
        "has curves and labels that are numbers",
        arguments: [["709.7312"], ["3.0", "709.3", "3.0"], ["709.78", "709.7", "1e-3"]])
    func page(losses: [String]) throws {
        let scratch = try ScratchFolder()
        let start =
            #"{"event":"start","version":"1","step":0,"ranks":1,"shards":8,"parameters":1,"vocabulary_digest":"v","train_digest":"t"}"#
        let validations = losses.enumerated().map { place, loss in
            #"{"event":"validation","step":\#(place + 1),"loss":\#(loss),"perplexity":\#(exp(Double(loss) ?? 0)),"parameters_digest":"d"}"#
        }
        try scratch.write(TrainingConfiguration().toml, to: "config.toml")
        try scratch.write(([start] + validations).joined(separator: "\n") + "\n", to: "metrics.jsonl")
        let history = try #require(try RunHistory(folder: scratch.folder.path(percentEncoded: false)))
        let html = ReportPage([history], version: "1").html
        #expect(
            html.contains("<svg") && !html.contains(/\b(inf|nan)\b/),
            "\(html.matches(of: /.{40}\b(?:inf|nan)\b.{20}/).map(\.output))")
        let heights = Set(html.matches(of: /cy="([0-9.]+)"/).map(\.1))
        #expect(heights.count >= Set(losses).count - 1, "\(heights)")
    }
}
