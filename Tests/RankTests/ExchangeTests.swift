import Foundation
import TestSupport
import Testing

/// `rank-checks exchange` compares each element with a sum that one rank computes alone. These tests compare the digests of whole runs.
@Suite("The gradient exchange computes the same bits", .serialized)
struct ExchangeTests {
    @Test("The bits are the same at every rank count, with a window and with messages, and for nodes of any size")
    func eightShards() throws {
        let one = try digest(ranks: 1)
        for ranks in [2, 3, 4, 5, 7, 8] { #expect(try digest(ranks: ranks) == one, "\(ranks) ranks") }
        for ranks in [2, 3, 8] {
            #expect(try digest(ranks: ranks, "--transport", "messages") == one, "\(ranks) ranks by messages")
        }
        for size in [1, 2, 3, 4] {
            #expect(try digest(ranks: 6, "--node-size", "\(size)") == one, "6 ranks in nodes of \(size)")
        }
        #expect(try digest(ranks: 5, "--node-size", "3", "--piece", "1000") == one, "messages in pieces")
    }

    @Test("The bits are the same if the number of shards is not a power of two and a rank owns no block")
    func oddShards() throws {
        let one = try digest(ranks: 1, "--shards", "5")
        #expect(try digest(ranks: 3, "--shards", "5") == one)
        #expect(try digest(ranks: 5, "--shards", "5", "--node-size", "2") == one)
        let small = try digest(ranks: 1, "--elements", "16")
        #expect(try digest(ranks: 4, "--elements", "16") == small)
        #expect(try digest(ranks: 5, "--elements", "16", "--node-size", "2") == small)
    }

    @Test("The bits are the same if only some rows of a table have gradients")
    func sparseRows() throws {
        let one = try digest(ranks: 1, "--sparse", "300")
        for ranks in [2, 3, 8] { #expect(try digest(ranks: ranks, "--sparse", "300") == one, "\(ranks) ranks") }
        #expect(try digest(ranks: 3, "--sparse", "300", "--transport", "messages") == one)
        for size in [1, 2, 4] {
            #expect(try digest(ranks: 6, "--sparse", "300", "--node-size", "\(size)") == one, "6 ranks in nodes of \(size)")
        }
    }

    @Test(
        "The bits are the same with two sparse tables, of which one begins within a tile, after other elements",
        arguments: [["--second-sparse", "12016"], ["--second-sparse", "18000", "--divided", "12016"]])
    func sparseTables(second: [String]) throws {
        let tables = ["--sparse", "280"] + second
        let one = try digest(ranks: 1, tables)
        for ranks in [3, 5] { #expect(try digest(ranks: ranks, tables) == one, "\(ranks) ranks") }
        #expect(try digest(ranks: 2, tables + ["--transport", "messages"]) == one)
        #expect(try digest(ranks: 4, tables + ["--node-size", "2"]) == one)
    }

    @Test(
        "The bits are the same if the ranks of a node compute the gradients of some elements jointly",
        arguments: ["0", "4096", "12016", "18000"])
    func together(first: String) throws {
        let one = try digest(ranks: 1)
        for ranks in [1, 2, 3, 8] { #expect(try digest(ranks: ranks, "--divided", first) == one, "\(ranks) ranks") }
        #expect(try digest(ranks: 3, "--divided", first, "--transport", "messages") == one)
        for size in [2, 4] {
            #expect(try digest(ranks: 6, "--divided", first, "--node-size", "\(size)") == one, "6 ranks in nodes of \(size)")
        }
        let sparse = try digest(ranks: 1, "--sparse", "300")
        #expect(try digest(ranks: 5, "--sparse", "300", "--divided", "12016", "--node-size", "3") == sparse)
    }

    /// For others than root, `/proc` counts as a folder that is not writable.
    @Test(
        "The exchange uses messages, with a notice, if the backing store of the window is too small",
        .enabled(if: geteuid() == 0))
    func fallback() throws {
        // A file system that always reports no free space.
        let full = ["OMPI_MCA_osc_sm_backing_directory": "/proc"]
        let run = try ProgramRun.onRanks(3, "rank-checks", ["exchange"], environment: full)
        #expect(run.lines.count == 2 && run.status == 0, "\(run)")
        #expect(run.output.contains("exchanging messages instead of using a shared window: the ranks need 14 MB"), "\(run)")
        #expect(run.output.contains("in /proc, which has 0 MB free"), "\(run)")
        #expect(run.lines.last == "digest \(try digest(ranks: 1)) nodes [1, 1, 1]", "\(run)")
    }

    @Test("The exchange uses messages, with a notice, if the folder of the window is missing")
    func missingFolder() throws {
        let run = try ProgramRun.onRanks(
            3, "rank-checks", ["exchange"], environment: ["OMPI_MCA_osc_sm_backing_directory": "/dev/null/missing"])
        #expect(run.lines.count == 2 && run.status == 0, "\(run)")
        #expect(run.output.contains("exchanging messages instead of using a shared window: shared memory needs"), "\(run)")
        #expect(run.output.contains("/dev/null/missing is missing or not writable"), "\(run)")
        #expect(run.lines.last == "digest \(try digest(ranks: 1)) nodes [1, 1, 1]", "\(run)")
    }

    private func digest(ranks: Int, _ arguments: String...) throws -> String { try digest(ranks: ranks, arguments) }

    private func digest(ranks: Int, _ arguments: [String]) throws -> String {
        let run = try ProgramRun.onRanks(ranks, "rank-checks", ["exchange"] + arguments)
        let words = run.output.split(separator: " ")
        try #require(run.status == 0 && words.first == "digest", "\(run)")
        return String(words[1])
    }
}
