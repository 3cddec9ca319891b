import Foundation
import TestSupport
import Testing

/// The examples in the help of the commands run.
@Suite("Examples in the help", .serialized)
struct HelpExampleTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
    /// Commands that make files for the examples of others come first. The empty name is the program itself.
    private static let commands = [
        "", "train", "ngram", "evaluate", "score", "classify", "compare", "probe", "rescore", "generate", "verify", "inspect",
        "error-surface", "report", "benchmark",
    ]

    /// Files under the names of the examples.
    private static let files = """
        awk 'NF { print (NR % 2 ? "odd" : "even") "\\t" $0 }' input.txt > reviews.tsv
        cp test.txt new.txt
        echo '{"sentence_good": "the w1 of w2", "sentence_bad": "w1 the of w2"}' > pairs.jsonl
        echo 'the (w1) of the {w2} w4/w5' > templates.txt
        printf 'u1-1 the w1 of w2\\nu1-2 the w1 w1\\n' | tee dev.list > test.list
        printf 'u1-1 10.5\\nu1-2 10.2\\n' | tee dev.costs > test.costs
        echo 'u1 the w1 of w2' > dev.txt
        """

    /// The command lines of the section `EXAMPLES` in the help of a command.
    private func examples(_ command: String, in folder: PageFolder) throws -> [String] {
        let help = try folder.run("rnntrain \(command) --help").output.components(separatedBy: "\nEXAMPLES:\n")
        guard help.count == 2 else { return [] }
        let lines = help[1].replacing("\\\n      ", with: "").split(separator: "\n")
        return lines.filter { $0.hasPrefix("    ") }.map { String($0.dropFirst(4)) }
    }

    @Test("Each command has two to four examples, and they run")
    func run() throws {
        let folder = try PageFolder(root: Self.root)
        #expect(try folder.run(Self.files).status == 0)
        let listed = try folder.run("rnntrain --help").output.matches(of: /\n  ([a-z][a-z-]+)(?: \(default\))?  +[A-Z]/).map {
            String($0.1)
        }
        #expect(
            Set(listed).isSubset(of: Set(Self.commands)), "a command without a test of its examples: \(listed)"
        )
        for command in Self.commands {
            let examples = try examples(command, in: folder)
            #expect((2...4).contains(examples.count), "\(command): \(examples)")
            for example in examples {
                let ending = try folder.run("export OMPI_MCA_rmaps_base_oversubscribe=1; set -o pipefail; \(quick(example))")
                #expect(ending.status == 0, "\(example): \(ending)")
            }
        }
    }

    /// The example with one epoch, or few steps of a benchmark.
    private func quick(_ example: String) -> String {
        if example.contains("rnntrain benchmark") {
            return example + " --steps 2" + (example.contains("only") ? " --megabytes 1" : "")
        }
        let trains = example.contains("--run ") && !example.contains("--epochs")
        return trains
            ? example + " --epochs 1 --layers 2 --embedding-size 16"
                + (example.contains("--hidden-size") ? "" : " --hidden-size 18") : example
    }
}
