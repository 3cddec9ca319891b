import Configuration
import Foundation
import Reports
import TestSupport
import Testing

@Suite("The jobs of a run on the page of report")
struct ReportedJobsTests {
    /// The page of a run with this log.
    private func page(_ lines: [String], pattern: String? = nil) throws -> String {
        let scratch = try ScratchFolder()
        var configuration = TrainingConfiguration()
        configuration.tokenPattern = pattern
        try scratch.write(configuration.toml, to: "run/config.toml")
        try scratch.write(lines.map { $0 + "\n" }.joined(), to: "run/metrics.jsonl")
        return ReportPage([try #require(try RunHistory(folder: scratch.file("run")))], version: "1").html
    }

    private func job(_ event: String, _ build: String?, step: Int, ranks: Int = 2) -> String {
        let build = build.map { #""build":"\#($0)","# } ?? ""
        return
            #"{"event":"\#(event)","version":"1",\#(build)"step":\#(step),"ranks":\#(ranks),"kernels":"avx2","run_identity":"1"}"#
    }

    private func trained(to step: Int) -> [String] {
        [
            #"{"event":"step","step":\#(step),"loss":1}"#,
            #"{"event":"checkpoint","step":\#(step),"parameters_digest":"p\#(step)"}"#,
        ]
    }

    private func cell(_ field: String, _ value: String) -> String {
        #"<th scope="row"><code>\#(field)</code></th><td>\#(value)</td>"#
    }

    @Test("Builds, ranks and kernels are those of all jobs of which steps belong to the run")
    func several() throws {
        let first = [job("start", "aa", step: 0)] + trained(to: 10)
        #expect(try page([job("start", "aa", step: 0)]).contains(cell("build", "aa")))
        // A job that trained nothing.
        let idle = try page(first + [job("resume", "bb", step: 10, ranks: 4)])
        #expect(idle.contains(cell("build", "aa")) && idle.contains(cell("ranks", "2")), "\(idle)")
        // The beginning of the log was lost.
        let late = [job("resume", "bb", step: 10)]
        #expect(try page(late).contains(cell("build", "unknown")))
        #expect(try page(late + trained(to: 20)).contains(cell("build", "unknown, bb")))
        // One whose steps were repeated, and one of an earlier version.
        let repeated =
            [job("resume", "bb", step: 10)] + trained(to: 20) + [job("resume", nil, step: 10, ranks: 4)] + trained(to: 30)
        let last = [job("resume", "aa", step: 30, ranks: 4)] + trained(to: 40)
        let several = try page(first + repeated + last)
        #expect(several.contains(cell("build", "aa, unknown")) && several.contains(cell("ranks", "2, 4")), "\(several)")
        #expect(several.contains(cell("version", "1")) && several.contains(cell("kernels", "avx2")), "\(several)")
    }

    @Test("A job that returns to a checkpoint before its resume has trained all steps since then")
    func returned() throws {
        let first = [job("start", "aa", step: 0)] + trained(to: 10) + [job("resume", "bb", step: 10)] + trained(to: 20)
        let page = try page(first + [#"{"event":"rollback","step":0}"#] + trained(to: 30))
        #expect(page.contains(cell("build", "bb")), "\(page)")
        // A job that was killed after a checkpoint between two lines of steps.
        let killed = try self.page(first + trained(to: 30).suffix(1))
        #expect(killed.contains("<td>30</td>"), "\(killed)")
    }

    @Test("A key has the values of the jobs of which steps belong to the run")
    func keys() throws {
        func job(_ event: String, rate: String, step: Int, others: String = "") -> String {
            #"{"event":"\#(event)","step":\#(step),"run_identity":"1","free_keys":"learning-rate = \#(rate)\nepochs = 3\#(others)"}"#
        }
        let first = [job("start", rate: "0.25", step: 0)] + trained(to: 10)
        let rate = #"<th scope="row"><code>learning-rate</code></th><td><span>"#
        #expect(try page(first + [job("resume", rate: "0.5", step: 10)]).contains(rate + "0.25<"))
        let returned = [job("resume", rate: "0.5", step: 10)] + trained(to: 20) + [#"{"event":"rollback","step":10}"#]
        let several = try page(first + returned + trained(to: 30))
        #expect(several.contains(rate + "0.25, 0.5<"), "\(several)")
        let abandoned = try page(first + returned + trained(to: 30) + [job("resume", rate: "0.125", step: 10)] + trained(to: 20))
        #expect(abandoned.contains(rate + "0.25, 0.125<"), "\(abandoned)")
        let pattern = #"<th scope="row"><code>token-pattern</code></th><td><span>a\n</span>"#
        #expect(try page(first, pattern: "a\n").contains(pattern))
        // Jobs of an earlier version, and a beginning of the log that was lost.
        let earlier = [#"{"event":"start","step":0,"run_identity":"1"}"#] + trained(to: 10)
        let later = [job("resume", rate: "0.5", step: 10)] + trained(to: 20)
        #expect(try page(earlier + later + [job("resume", rate: "0.75", step: 20)]).contains(rate + "unknown, 0.5<"))
        #expect(try page(later).contains(rate + "unknown, 0.5<"))
        let limited = [job("resume", rate: "0.25", step: 10, others: #"\ntime-limit = 60s"#)] + trained(to: 20)
        let unset = try page(first + limited + [job("resume", rate: "0.25", step: 20)] + trained(to: 30))
        #expect(unset.contains(#"<th scope="row"><code>time-limit</code></th><td><span>not set, 60s<"#), "\(unset)")
    }
}
