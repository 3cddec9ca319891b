import Foundation
import TestSupport
import Testing

@Suite("Commands without another thread")
struct ThreadLimitTests {
    private static let commands = [
        "score --checkpoint word --data train.txt",
        "ngram --train train.txt --order 3 --arpa threads.arpa && cat threads.arpa",
    ]

    @Test("They do their work in one thread, with the same results", arguments: commands)
    func oneThread(command: String) throws {
        let library = Sanitizers.plainFaultLibrary ?? ProgramRun.buildFolder.appendingPathComponent("libfile-faults.so").path
        let usual = try SmallModels.shell("$R \(command)")
        try #require(usual.status == 0, "\(usual)")
        let alone = try SmallModels.shell(
            "RNNTRAIN_FAULT_THREADS=1 LD_PRELOAD='\(library)'${LD_PRELOAD:+:$LD_PRELOAD} $R \(command)")
        #expect(alone.status == 0 && alone.output == usual.output, "\(alone)")
    }
}
