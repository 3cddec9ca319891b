import Checkpoints
import Communication
package import Configuration
import Exchange
import Failures
import Files
package import Models
package import Runs

/// The needs of a run and the available resources. Checked before any large allocation and before a file is written.
package struct RunCheck: Sendable {
    /// Nil if the sizes are beyond those of any machine.
    package let memory: MemoryNeeds?
    package let hosts: [HostRoom]
    /// Whether the shared windows fit. They are then used if requested.
    package let windowFits: Bool
    /// The size of the shared windows of each host in the folder that backs them.
    private let windowBytes: [Int]
    package let disk: DiskNeeds
    /// What is insufficient, most severe first; empty if everything suffices.
    package let shortages: [RunCheckError]

    /// More than any address space.
    static let mostBytes = 1 << 47

    /// - Parameters:
    ///   - configuration: with its number of shards.
    ///   - disk: computes what the run will write, from the size of a checkpoint.
    package init(
        _ configuration: TrainingConfiguration, vocabularySize: Int, hosts: [HostRoom],
        disk: (_ shape: ModelShape?) throws -> DiskNeeds
    ) throws {
        self.hosts = hosts
        if let shortage = Self.leastShortage(configuration, vocabularySize: vocabularySize, hosts: hosts) {
            (memory, windowFits, windowBytes) = (nil, true, [])
            self.disk = try disk(nil)
            shortages = [shortage]
            return
        }
        let ranks = hosts.map(\.ranks)
        let asked: ExchangeTransport = configuration.exchange == .window ? .window : .messages
        var needs = try MemoryNeeds(configuration, vocabularySize: vocabularySize, hosts: ranks, transport: asked)
        let windowBytes = ranks.map(needs.exchange.backingByteCount)
        self.windowBytes = windowBytes
        windowFits = zip(hosts, windowBytes).allSatisfy { host, needed in host.backing.map { needed <= $0 } ?? true }
        if !windowFits {
            needs = try MemoryNeeds(configuration, vocabularySize: vocabularySize, hosts: ranks, transport: .messages)
        }
        memory = needs
        self.disk = try disk(configuration.modelShape(vocabularySize: vocabularySize))
        shortages = Self.memoryShortages(needs, hosts, mapped: self.disk.data) + [self.disk.shortage].compactMap { $0 }
    }

    /// A shortage that is certain before exact sizes are computed, which could overflow.
    static func leastShortage(
        _ configuration: TrainingConfiguration, vocabularySize: Int, hosts: [HostRoom]
    ) -> RunCheckError? {
        let rankCount = hosts.last?.ranks.upperBound ?? 1
        if let shortage = processShortage(configuration, vocabularySize: vocabularySize, hosts: hosts) { return shortage }
        return hosts.lazy.compactMap { host in
            let needed = MemoryNeeds.least(
                configuration, vocabularySize: vocabularySize, shareOfRanks: Double(host.ranks.count) / Double(rankCount))
            let available = host.memoryWithSwap ?? mostBytes
            guard needed > Double(available) else { return nil }
            return .memory(host: host.name, ranks: host.ranks.count, needed: needed, available: available, isLeast: true)
        }.first
    }

    /// A limit of a process that is certainly too low. Check it before texts are read, which also uses memory.
    static func processShortage(
        _ configuration: TrainingConfiguration, vocabularySize: Int, hosts: [HostRoom]
    ) -> RunCheckError? {
        let rankCount = hosts.last?.ranks.upperBound ?? 1
        let needed = MemoryNeeds.least(
            configuration, vocabularySize: vocabularySize, shareOfRanks: 1 / Double(rankCount))
        // Most of the memory is shared, but a rank also needs some of its own.
        return hosts.lazy.compactMap { $0.processShortage(own: { _ in 1 }, shared: needed - 1, isLeast: true) }.first
    }

    /// Throws (70) if the limits of a process are too low for the smallest vocabulary, before a text is read.
    static func requireProcessLimits(_ configuration: TrainingConfiguration, _ survey: HostSurvey) throws(RunCheckError) {
        if let shortage = processShortage(configuration, vocabularySize: 2, hosts: survey.hosts) { throw shortage }
    }

    /// - Parameter mapped: the bytes of the token files, which each rank maps. They take addresses, and no memory that the system cannot
    ///   reclaim.
    private static func memoryShortages(_ needs: MemoryNeeds, _ hosts: [HostRoom], mapped: Int) -> [RunCheckError] {
        let limits = hosts.compactMap { host in
            host.processShortage(
                own: { Double(needs.privateBytes[$0] + ($0 == 0 ? needs.readingBytes : 0)) },
                shared: Double(needs.sharedBytes(ofHost: host.ranks)), mapped: Double(mapped), isLeast: false)
        }
        return limits
            + hosts.compactMap { host in
                let needed = needs.bytes(ofHost: host.ranks)
                guard let available = host.memoryWithSwap, needed > available else { return nil }
                return .memory(
                    host: host.name, ranks: host.ranks.count, needed: Double(needed), available: available, isLeast: false)
            }
    }

    /// Hosts that will swap, one line for each.
    var notices: [String] {
        guard let memory else { return [] }
        return hosts.compactMap { host in
            let needed = memory.bytes(ofHost: host.ranks)
            guard let available = host.memory, needed > available else { return nil }
            return
                "\(host.name): \(NumberText.bytes(Double(needed))) of memory are needed, but only \(NumberText.bytes(Double(available))) "
                + "are available without swapping: training will be very slow"
        }
    }

    /// Whether the model fits into memory.
    var memoryFits: Bool {
        memory != nil && !shortages.contains { if case .disk = $0 { false } else { true } }
    }

    /// The folder that backs shared windows, on the host with the least free space; nil without a host.
    var worstBacking: (needed: Int, available: Int?, isWritable: Bool)? {
        zip(hosts, windowBytes).map { (needed: $1, available: $0.backing, isWritable: $0.backingIsWritable) }.max {
            $0.needed - ($0.available ?? Int.max / 2) < $1.needed - ($1.available ?? Int.max / 2)
        }
    }

    /// Throws the most severe shortage, if there is any.
    func requireAll() throws(RunCheckError) {
        if let shortage = shortages.first { throw shortage }
    }
}

/// What a run will write, and the free space of its disk, in bytes.
package struct DiskNeeds: Equatable, Sendable {
    package let folder: String
    /// One checkpoint; 0 if its size is beyond any disk.
    package let checkpoint: Int
    /// Token files and vocabulary.
    package let data: Int
    /// The log, the event file and small files, estimated.
    package let log: Int
    /// The space that the run needs in addition to its existing files.
    package let needed: Int
    /// Nil if the file system does not report it.
    package let available: Int?

    /// Two generations, the best model if there is a validation text, the data and the log.
    ///
    /// New checkpoints gradually replace existing ones, so the existing ones count as free space. A new checkpoint is written beside the others,
    /// but needs no space of its own: if a disk is full, an older generation is removed first.
    package init(folder: String, checkpoint: Int, hasBest: Bool, data: Int, log: Int, existing: ExistingFiles, available: Int?) {
        self.folder = folder
        self.checkpoint = checkpoint
        self.data = data
        self.log = log
        let kept = CheckpointFolder.leastKept + (hasBest ? 1 : 0)
        needed =
            max(0, kept - existing.checkpointCount) * checkpoint + max(0, data - existing.dataByteCount)
            + max(0, log - existing.logByteCount)
        self.available = available
    }

    var shortage: RunCheckError? {
        guard let available, needed > available else { return nil }
        return .disk(folder: folder, needed: needed, available: available, checkpoint: checkpoint)
    }
}

/// The existing files of a run.
package struct ExistingFiles: Equatable, Sendable {
    /// The number of checkpoints, including the best model. They are as large as new ones, because only the same model may resume
    /// in the folder.
    package var checkpointCount = 0
    /// Token files and vocabulary.
    package var dataByteCount = 0
    /// The log and the event file.
    package var logByteCount = 0

    package init(checkpointCount: Int = 0, dataByteCount: Int = 0, logByteCount: Int = 0) {
        (self.checkpointCount, self.dataByteCount, self.logByteCount) = (checkpointCount, dataByteCount, logByteCount)
    }
}

extension RunFolder {
    /// The existing files of the run in this folder.
    func existingFiles() throws -> ExistingFiles {
        let best = pathExists(checkpoints.bestPath) ? 1 : 0
        let tokens = TextRole.allCases.reduce(0) { $0 + fileSize(tokensPath($1)) }
        return ExistingFiles(
            checkpointCount: try checkpoints.generations().count + best, dataByteCount: tokens + fileSize(vocabularyPath),
            logByteCount: fileSize(metricsPath) + fileSize(eventsPath))
    }
}
