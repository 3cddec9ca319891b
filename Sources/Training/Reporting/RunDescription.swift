import Communication
import Digests
import Exchange
import Failures
import Tasks
import Runs
import Tensors

/// The data of the first lines of a run.
struct RunDescription {
    let version: String
    /// The different builds of the program of the ranks.
    let builds: [String]
    /// On rank 0.
    let identity: RunIdentity?
    let rankCount: Int
    let nodeCount: Int
    /// The number of ranks in the team of rank 0; 1 without a team.
    let teamRankCount: Int
    let notice: String?
    let level: String
    let vocabularySize: Int
    /// The digest of the vocabulary, as in its token files.
    let vocabularyDigest: String
    /// The digests of the texts by role, and of the word vectors, as in a checkpoint; empty on other ranks than 0.
    let textDigests: [String: String]
    let parameterCount: Int
    let trainTokens: Int
    let validTokens: Int?
    /// The share of padding in the rows of an epoch's windows; nil for streams.
    let paddingShare: Double?
    /// The share of training lines whose label is predicted after their first window; 0 for a text without labels.
    let lateLabelShare: Double
    /// The counts of each text on rank 0; empty on other ranks.
    let unknown: [TextRole: UnknownCount]
    let memory: TrainingMemory
    /// Of the word vectors; nil without a file, and on other ranks than 0.
    let coverage: WordVectorCoverage?
    let transport: String
    /// The host with the most ranks per core, if its ranks share cores.
    private let crowdedHost: (ranks: Range<Int>, cores: Int)?

    init(
        version: String, builds: [String], identity: RunIdentity?, world: World, parallel: ParallelModel, texts: RunTexts,
        unknown: [TextRole: UnknownCount],
        memory: TrainingMemory, separatesLines: Bool, coverage: WordVectorCoverage?, coresOfHosts: [Int],
        textDigests: [String: String]
    ) {
        self.version = version
        self.builds = builds
        self.identity = identity
        rankCount = world.rankCount
        nodeCount = world.hosts.count
        teamRankCount = parallel.exchange.team?.ranks.count ?? 1
        notice = parallel.exchange.notice
        level = Processor.level
        vocabularySize = parallel.shape.vocabularySize
        parameterCount = parallel.layout.parameterCount
        vocabularyDigest = texts.train.tokens.vocabularyDigest.hexadecimal
        self.textDigests = textDigests
        trainTokens = texts.train.tokens.count
        validTokens = texts.valid?.tokens.count
        paddingShare = separatesLines ? texts.train.layout.paddingShare : nil
        lateLabelShare = texts.train.layout.lateLabelShare
        self.unknown = unknown
        (self.memory, self.coverage) = (memory, coverage)
        transport = parallel.exchange.topology.localCount > 1 || world.rankCount == 1 ? "shared memory" : "messages"
        crowdedHost = zip(world.hosts, coresOfHosts).map { (ranks: $0, cores: $1) }
            .filter { $0.cores > 0 && $0.ranks.count > $0.cores }
            .max { $0.ranks.count * $1.cores < $1.ranks.count * $0.cores }
    }

    /// `ranks 0 to 7 share 2 cores: ...`; nil if each rank can have a core for itself.
    var coresText: String? {
        guard let host = crowdedHost else { return nil }
        return
            "ranks \(host.ranks.lowerBound) to \(host.ranks.upperBound - 1) share \(counted(host.cores, "core")): the result is the same, but the "
            + "run is slow. Start fewer ranks, or let mpirun bind each rank to a core of its own"
    }
}
