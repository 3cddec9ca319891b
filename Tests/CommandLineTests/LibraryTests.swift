import TestSupport
import Testing

/// The program of docs/library.md, on a run that rnntrain trained.
@Suite("The library RNNTrain")
struct LibraryTests {
    private static func example(_ run: String) throws -> [Substring] {
        let outcome = try ProgramRun.alone("library-example", [run, "valid.txt"], folder: SmallModels.folder)
        try #require(outcome.status == 0, "\(outcome)")
        return outcome.output.split(separator: "\n")
    }

    @Test("Its table of a text is that of rnntrain score to the last bit")
    func table() throws {
        let scored = try SmallModels.shell("$R score --checkpoint word --data valid.txt --base e | tail -n +2 | cut -f 1-4,6")
        #expect(try Self.example("word").filter { !$0.hasPrefix("#") } == scored.output.split(separator: "\n"))
    }

    @Test("It sums the surprisals of a line as rnntrain score prints them", arguments: ["word", "char", "byte"])
    func line(run: String) throws {
        let scored = try SmallModels.shell("printf 'the cat sat' | $R score --checkpoint \(run) --data - --base e | cut -f 4")
        let sum = scored.output.split(separator: "\n").dropFirst().reduce(0) { $0 + (Double($1) ?? .nan) }
        #expect(try Self.example(run).contains("# surprisal of the line: \(sum) nats"), "\(scored)")
    }

    @Test("It generates the text of rnntrain generate")
    func generates() throws {
        let generated = try SmallModels.shell("$R generate --checkpoint word --prompt the --length 10 --seed 7")
        let last = try #require(Self.example("word").last)
        #expect(last == "# generated: " + generated.output.dropLast(), "\(generated)")
    }

    @Test("The program links no MPI and no BLAS")
    func libraries() throws {
        let needed = try ProcessRunner.run("/bin/sh", ["-c", "ldd \(ProgramRun.buildFolder.path)/library-example"])
        #expect(needed.output.contains("libc.so") && needed.status == 0, "\(needed)")
        for library in ["mpi", "open-rte", "open-pal", "openblas"] { #expect(!needed.output.contains(library), "\(needed)") }
    }
}
