import Configuration
import Runs
import Testing
import Training

@Suite("The needs of a run and the available resources")
struct RunCheckTests {
    private static func figures(available: Int = -1, swap: Int = -1, group: Int = -1, number: Int = -1) -> MemoryFigures {
        var figures = MemoryFigures()
        (figures.available, figures.swap) = (available, swap)
        (figures.groupAvailable, figures.groupNumber) = (group, number)
        return figures
    }

    private func room(_ figures: MemoryFigures...) -> HostRoom {
        HostRoom(name: "a", ranks: 0..<figures.count, figures: figures, backing: nil)
    }

    @Test("A host has the memory that both its system and its control groups leave")
    func rooms() {
        let f = Self.figures
        #expect(room(f(100, 10, -1, -1), f(90, 10, -1, -1)).memory == 90)
        #expect(room(f(100, 10, -1, -1)).memoryWithSwap == 110)
        #expect(room(f(100, 10, 60, 1), f(100, 10, 60, 1)).memoryWithSwap == 60)
        // If each rank has its own limit, the total is the sum.
        #expect(room(f(100, 0, 40, 1), f(100, 0, 30, 2)).memory == 70)
        // A rank without a limit may use memory that the others may not use.
        #expect(room(f(100, 0, 40, 1), f(100, 0, -1, -1)).memory == 100)
        #expect(room(f(-1, -1, -1, -1)).memory == nil && room(f(-1, -1, 50, 3)).memory == 50)
    }

    private func configuration(
        hidden: Int = 20, layers: Int = 2, batch: Int = 8, window: Int = 5
    ) -> TrainingConfiguration {
        var configuration = TrainingConfiguration()
        (configuration.hiddenSize, configuration.embeddingSize, configuration.layers) = (hidden, hidden, layers)
        (configuration.batchSize, configuration.windowLength, configuration.shards) = (batch, window, 8)
        return configuration
    }

    private func check(
        _ configuration: TrainingConfiguration, memory: Int?, swap: Int = 0, backing: Int? = nil, disk: Int? = nil
    ) throws -> RunCheck {
        let host = HostRoom(
            name: "a", ranks: 0..<2, memory: memory, memoryWithSwap: memory.map { $0 + swap }, backing: backing)
        return try RunCheck(configuration, vocabularySize: 50, hosts: [host]) { _ in
            DiskNeeds(folder: "r", checkpoint: 100, hasBest: true, data: 7, log: 5, existing: ExistingFiles(), available: disk)
        }
    }

    @Test("A run is refused if a single byte of memory is missing, but not earlier")
    func memory() throws {
        let needed = try #require(try check(configuration(), memory: nil).memory).bytes(ofHost: 0..<2)
        #expect(try check(configuration(), memory: needed).shortages.isEmpty)
        #expect(try check(configuration(), memory: needed - 1, swap: 1).shortages.isEmpty)
        #expect(
            try check(configuration(), memory: needed - 1).shortages
                == [.memory(host: "a", ranks: 2, needed: Double(needed), available: needed - 1, isLeast: false)])
    }

    @Test("Unknown memory is not a reason to refuse a run; needs beyond any machine are refused", arguments: [nil, 1 << 34])
    func extremes(memory: Int?) throws {
        #expect(try check(configuration(), memory: nil).shortages.isEmpty)
        for huge in [
            configuration(hidden: 1_000_000, layers: 1000), configuration(batch: 10_000_000, window: 10_000_000),
        ] {
            let found = try check(huge, memory: memory)
            #expect(found.memory == nil && found.shortages.count == 1)
        }
    }

    @Test("A limit of addresses must also suffice for the token files and for reading a checkpoint, but not for more")
    func addresses() throws {
        func check(_ addresses: Int?) throws -> RunCheck {
            let process = ProcessRoom(addresses: addresses)
            let host = HostRoom(
                name: "a", ranks: 0..<1, memory: nil, memoryWithSwap: nil, backing: nil, processes: [process])
            return try RunCheck(configuration(), vocabularySize: 50, hosts: [host]) { _ in
                DiskNeeds(folder: "r", checkpoint: 100, hasBest: true, data: 7, log: 5, existing: ExistingFiles(), available: nil)
            }
        }
        func shortage(_ addresses: Int) throws -> RunCheckError? { try check(addresses).shortages.first }
        let own = try #require(try check(nil).memory).bytes(ofHost: 0..<1)
        guard case .processLimit(_, 0, "ulimit -v", let needed, own, false)? = try shortage(own) else {
            Issue.record("a limit of \(own) is accepted")
            return
        }
        #expect(Int(needed) > own + 7)
        #expect(try shortage(Int(needed) - 1) != nil && shortage(Int(needed)) == nil)
    }

    @Test("If shared memory is too small, the check assumes messages, as in the exchange")
    func backing() throws {
        let whole = try check(configuration(), memory: nil, backing: 1 << 30)
        let small = try check(configuration(), memory: nil, backing: 1 << 20)
        #expect(whole.windowFits && !small.windowFits)
        #expect(try #require(whole.memory).exchange.nodes == [0..<2])
        #expect(try #require(small.memory).exchange.nodes == [0..<1, 1..<2])
        #expect(try #require(small.memory).exchange.sentByteCountPerStep > 0)
    }

    @Test("A disk needs space for two generations, the best model, data and log; existing files count as space")
    func disk() throws {
        func needed(best: Bool, _ count: Int = 0, data: Int = 0, log: Int = 0) -> Int {
            let existing = ExistingFiles(checkpointCount: count, dataByteCount: data, logByteCount: log)
            return DiskNeeds(folder: "r", checkpoint: 100, hasBest: best, data: 7, log: 5, existing: existing, available: nil)
                .needed
        }
        #expect(needed(best: true) == 312 && needed(best: false) == 212)
        #expect(needed(best: true, 1, data: 7) == 205 && needed(best: true, 2, data: 7, log: 5) == 100)
        #expect(needed(best: true, 3, data: 7, log: 4) == 1 && needed(best: true, 5, data: 70, log: 50) == 0)
        #expect(try check(configuration(), memory: nil, disk: 312).shortages.isEmpty)
        #expect(
            try check(configuration(), memory: nil, disk: 311).shortages
                == [.disk(folder: "r", needed: 312, available: 311, checkpoint: 100)])
    }

    @Test("Messages contain the place, the needed and the available amount, and advice")
    func messages() {
        let memory = RunCheckError.memory(host: "n1", ranks: 2, needed: 3e9, available: 1_200_000_000, isLeast: true)
        #expect(
            "\(memory)" == "n1: too little memory: its 2 ranks need more than 3.0 GB, but 1.2 GB are available. Use "
                + "smaller sizes (hidden, embedding, layers, batch, window, vocabulary), raise a limit (ulimit -v, ulimit -d), or use more or larger hosts."
        )
        let disk = RunCheckError.disk(folder: "runs/a", needed: 3_100_000, available: 0, checkpoint: 1_000_000)
        #expect(
            "\(disk)"
                == "runs/a: too little disk space: the run needs 3.1 MB, for checkpoints of 1.0 MB each, token files and the log, "
                + "but 0 B are free. Free disk space, or choose a folder on another disk with --run; copy a run that is resumed there first."
        )
        #expect(memory.exitStatus == .fault && disk.exitStatus == .inputOutput)
        let absurd = RunCheckError.memory(host: "n1", ranks: 1, needed: 1.3e38, available: 5, isLeast: true)
        #expect("\(absurd)".contains("its rank needs more than 1e+26 TB, but 5 B are available"))
    }
}
