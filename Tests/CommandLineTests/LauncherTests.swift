import Testing

@Suite("Messages under mpirun", .serialized)
struct LauncherTests {
    private func count(_ needle: String, in text: String) -> Int { text.ranges(of: needle).count }

    @Test("A wrong option gives one message and status 64")
    func wrongOption() throws {
        let outcome = try ProcessRunner.rnntrain(ranks: 3, ["--no-such-option"])
        #expect(outcome.status == 64)
        #expect(count("rnntrain: error: unknown option '--no-such-option'", in: outcome.errors) == 1)
    }

    @Test("A missing text gives one message and status 66")
    func missingText() throws {
        let outcome = try ProcessRunner.rnntrain(ranks: 3, ["--train", "gone", "--valid", "gone", "--run", "r"])
        #expect(outcome.status == 66)
        #expect(count("rnntrain: error: gone: no such file.", in: outcome.errors) == 1)
    }

    @Test("Each process prints help and version, and one process the configuration: these need no ranks")
    func byEachProcess() throws {
        let help = try ProcessRunner.rnntrain(ranks: 3, ["--help"])
        #expect((help.status, count("OVERVIEW:", in: help.output)) == (0, 3))
        let version = try ProcessRunner.rnntrain(ranks: 3, ["--version"])
        #expect((version.status, version.output.split(separator: "\n").count) == (0, 3))
        let configuration = try ProcessRunner.rnntrain(ranks: 3, ["--print-config"])
        #expect((configuration.status, count("hidden-size =", in: configuration.output)) == (0, 1))
    }
}
