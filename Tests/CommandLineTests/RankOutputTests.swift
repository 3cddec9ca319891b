import Foundation
import TestSupport
import Testing

/// Commands that need no ranks, started by mpirun all the same.
@Suite("One result under mpirun", .serialized)
struct RankOutputTests {
    private static let environment = ["OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"]

    /// Runs a command on N ranks. In the command, `$RANK` is the rank in a shell.
    private func ranks(_ count: Int, _ command: String) throws -> ProgramRun {
        try SmallModels.shell("mpirun --oversubscribe --bind-to none -n \(count) \(command)", environment: Self.environment)
    }

    private static let score = "score --checkpoint word/best.safetensors --data valid.txt"

    @Test("The table of score has the same bytes at any number of ranks", arguments: [1, 2, 4, 8])
    func sameBytes(count: Int) throws {
        let alone = try SmallModels.shell("$R \(Self.score)")
        let ranked = try ranks(count, "$R \(Self.score)")
        #expect(ranked.status == 0 && ranked.output == alone.output && !alone.output.isEmpty, "\(ranked)")
        #expect(ranked.errors == alone.errors)
    }

    @Test("The other commands give one result, too, and an error one status; rank 0 reads the standard input")
    func otherCommands() throws {
        let evaluated = try ranks(2, "$R evaluate --checkpoint word/best.safetensors --data - < valid.txt")
        #expect(evaluated.status == 0 && evaluated.lines.count == 1, "\(evaluated)")
        let estimated = try ranks(2, "$R ngram --train train.txt --order 2 --arpa ranks.arpa")
        #expect(estimated.status == 0 && estimated.lines.count { $0.contains("tokens in") } == 1, "\(estimated)")
        let failed = try ranks(2, "$R evaluate --checkpoint absent --data valid.txt")
        #expect(failed.status == 66, "\(failed)")
    }

    @Test("error-surface writes one page and prints one result")
    func errorSurface() throws {
        let outcome = try ranks(2, "$R error-surface --updates 3 --html ranks.html --force")
        #expect(outcome.status == 0 && outcome.lines.count == 3, "\(outcome)")
    }

    /// Those of the help, without the commands that need ranks.
    private static func commandsWithoutRanks() throws -> [String] {
        let help = try SmallModels.shell("$R --help").output
        let section = try #require(help.components(separatedBy: "SUBCOMMANDS:\n").last)
        let names = section.split(separator: "\n", omittingEmptySubsequences: false).prefix { !$0.isEmpty }
            .filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") }.compactMap { $0.split(separator: " ").first.map(String.init) }
        return names.filter { !["train", "benchmark"].contains($0) }
    }

    @Test("Each command but train and benchmark works without ranks: any process reports a wrong option")
    func withoutRanks() throws {
        let commands = try Self.commandsWithoutRanks()
        #expect(commands.count >= 12 && commands.contains("error-surface"), "\(commands)")
        // A rank other than 0 is silent if rank 0 speaks for all. A rank is a process whose parent has the name of a launcher.
        let scratch = try ScratchFolder()
        try scratch.write("#!/bin/sh\n\"$R\" \"$@\"\nexit $?\n", to: "mpirun")
        for command in commands + ["benchmark"] {
            let launcher = scratch.file("mpirun")
            let outcome = try SmallModels.shell(
                "chmod +x '\(launcher)'; '\(launcher)' \(command) --no-such-option", environment: ["OMPI_COMM_WORLD_RANK": "1"])
            #expect(outcome.status == 64 && outcome.errors.isEmpty == (command == "benchmark"), "\(command): \(outcome)")
        }
    }

    @Test("Processes that may have work of their own do it: in a shell, a folder, or with a file as standard output")
    func ownWork() throws {
        let shell = try ranks(2, "sh -c 'exec $R \(Self.score) --base 1$OMPI_COMM_WORLD_RANK'")
        #expect(shell.errors.contains("--base") && shell.errors.contains("11"), "\(shell)")
        let table = try SmallModels.shell("$R \(Self.score)").output
        let piped = try ranks(2, "sh -c 'exec $R \(Self.score)'")
        #expect(piped.output.count == 2 * table.count, "\(piped)")
        let prelude = "sh -c 'mkdir -p own.$OMPI_COMM_WORLD_RANK; PRELUDE; exec \"$@\"' sh $R \(Self.score)"
        _ = try ranks(2, prelude.replacing("PRELUDE", with: "exec > own.$OMPI_COMM_WORLD_RANK/table"))
        for rank in 0...1 {
            let found = try String(contentsOf: SmallModels.folder.appending(path: "own.\(rank)/table"), encoding: .utf8)
            #expect(found == table)
        }
        let moved = prelude.replacing("PRELUDE", with: "cd own.$OMPI_COMM_WORLD_RANK").replacing("word/", with: "../word/")
        let folders = try ranks(2, moved.replacing("valid.txt", with: "../valid.txt"))
        #expect(folders.output.count == 2 * table.count, "\(folders)")
        let others = try ranks(1, "$R \(Self.score) : -n 1 $R \(Self.score)")
        #expect(others.output.count == 2 * table.count, "\(others)")
    }
}
