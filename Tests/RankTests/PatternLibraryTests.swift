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

        @Test("A model is evaluated and trained on with another version after a warning, and needs the library")
        func otherMachine() throws {
            _ = try finished(try texts.start(ranks: 1, run: "run"), in: texts, run: "run")
            let other = try otherLibrary()
            let evaluation = ["evaluate", "--checkpoint", "run", "--data", "test.txt"]
            let resume = ["--run", "run", "--resume", "--epochs", "2"]
            let here = try ProgramRun.alone("rnntrain", evaluation, folder: texts.folder)
            #expect(here.status == 0 && !"\(here)".contains("PCRE2"), "\(here)")
            for arguments in [evaluation, resume] {
                let there = try ProgramRun.alone("rnntrain", arguments, environment: other, folder: texts.folder)
                #expect(there.status == 0 && (there.output + there.errors).contains("this machine has PCRE2 10.00"), "\(there)")
            }
            try texts.write("other/libpcre2-8.so.0", "no library")
            for arguments in [evaluation, texts.arguments(run: "new")] {
                let without = try ProgramRun.alone("rnntrain", arguments, environment: other, folder: texts.folder)
                #expect(
                    without.status == 66 && without.errors.contains("Install the Debian package libpcre2-8-0"), "\(without)")
            }
        }
    }
}
