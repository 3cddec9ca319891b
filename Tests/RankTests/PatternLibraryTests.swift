import Foundation
import TestSupport
import TextData
import Testing

extension TrainingOverRanks {
    @Suite("Other versions of the library of regular expressions", .serialized)
    struct PatternLibraryTests {
        private static let options = TrainingFolder.model + ["--tokens", "regex", "--token-pattern", #"\w+|."#, "--epochs", "1"]
        private let texts: TrainingFolder

        init() throws { texts = try TrainingFolder(options: Self.options, lines: 40, validLines: 20) }

        /// Makes a folder with this machine's library, which calls itself version 10.00. Returns a variable that lets programs load it.
        private func otherLibrary() throws -> [String: String] {
            let version = try #require(try Tokenizer(pattern: ".").patternLibrary?.split(separator: " ").dropFirst().first)
            let maps = try String(contentsOfFile: "/proc/self/maps", encoding: .utf8)
            let line = try #require(maps.split(separator: "\n").first { $0.contains("/libpcre2-8.so.0") })
            var library = try Data(contentsOf: URL(fileURLWithPath: "/" + line.split(separator: "/", maxSplits: 1)[1]))
            let found = try #require(library.range(of: Data("\(version) 20".utf8)), "version and date")
            library.replaceSubrange(found, with: Data("10.00 20".utf8))
            try texts.writeDeep("other/libpcre2-8.so.0", "")
            try texts.write("other/libpcre2-8.so.0", library)
            return ["LD_LIBRARY_PATH": texts.path("other")]
        }

        @Test("A rank with another version than rank 0 ends the job, and both versions are named")
        func otherVersion() throws {
            let variable = try #require(try otherLibrary().first)
            let program = try ProgramRun.startOnRanks(
                2, "rnntrain", texts.arguments(run: "run"),
                prelude: "[ \"$OMPI_COMM_WORLD_RANK\" = 1 ] && export \(variable.key)='\(variable.value)'", folder: texts.folder)
            let outcome = try program.end(timeLimit: 30)
            #expect(
                outcome.status == 70 && outcome.errors.contains("this rank has PCRE2 10.00 (Unicode ")
                    && outcome.errors.contains("rank 1"), "\(outcome)")
        }

        private func run(_ arguments: [String], _ environment: [String: String] = [:]) throws -> ProgramRun {
            try ProgramRun.alone("rnntrain", arguments, environment: environment, folder: texts.folder)
        }

        private let evaluation = ["evaluate", "--checkpoint", "run", "--data", "test.txt"]
        private let resume = ["--run", "run", "--resume", "--epochs", "2"]

        @Test("A model is evaluated and trained on with another version after a warning, but no text of its run is divided again")
        func otherMachine() throws {
            _ = try finished(try texts.start(ranks: 1, run: "run"), in: texts, run: "run")
            let other = try otherLibrary()
            let here = try run(evaluation)
            #expect(here.status == 0 && !"\(here)".contains("PCRE2"), "\(here)")
            for arguments in [evaluation, resume + ["--dry-run"], resume] {
                let there = try run(arguments, other)
                #expect(
                    there.status == 0 && (there.output + there.errors).contains("this machine has PCRE2 10.00"), "\(there)")
            }
            let digest = try #require(try RunLog(run: texts.path("run")).finalDigest)
            try FileManager.default.removeItem(atPath: texts.path("run/data/valid.tokens"))
            let longer = ["--run", "run", "--resume", "--epochs", "3"]
            let refused = try run(longer, other)
            #expect(
                refused.status == 70 && refused.errors.contains("valid.txt: this machine has PCRE2 10.00"), "\(refused)")
            let verified = try run(["verify", "run"])
            #expect(verified.status == 0 && verified.output.contains(digest), "\(verified)")
            #expect(try run(longer).status == 0)
        }

        @Test("Without the library, a text cannot be divided, but a run resumes and is verified")
        func withoutLibrary() throws {
            _ = try finished(try texts.start(ranks: 1, run: "run"), in: texts, run: "run")
            try texts.writeDeep("other/libpcre2-8.so.0", "no library")
            let missing = ["LD_LIBRARY_PATH": texts.path("other")]
            for arguments in [evaluation, texts.arguments(run: "new")] {
                let without = try run(arguments, missing)
                #expect(
                    without.status == 66 && without.errors.contains("Install the Debian package libpcre2-8-0"), "\(without)")
            }
            for arguments in [["verify", "run"], resume] {
                let without = try run(arguments, missing)
                #expect(without.status == 0, "\(without)")
            }
        }
    }
}
