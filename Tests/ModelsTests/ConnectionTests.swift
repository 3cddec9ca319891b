import Layers
import Models
import TestSupport
import Testing

@Suite("Connections between layers", .serialized)
struct ConnectionTests {
    /// Each registered connection but the default, which all other tests use.
    private static let connections = ConnectionKind.allCases.filter { $0 != .stacked }

    private static let sizes = connections.flatMap { connection in
        [
            ShapeCase("\(connection.rawValue) lstm", .lstm, OracleLSTM(), connection: connection),
            ShapeCase(
                "\(connection.rawValue) gru, learned state", .gru, OracleGRU(), connection: connection,
                tied: !connection.joinsEmbedding, initialState: .learned),
        ]
    }

    @Test("Every gradient of the oracle equals central differences", arguments: connections)
    func centralDifferences(connection: ConnectionKind) throws {
        let oracle = try #require(OracleConnection(rawValue: connection.rawValue), "a connection without an oracle")
        OracleTests().centralDifferences(OracleCase(name: connection.rawValue, cell: OracleLSTM(), connection: oracle))
    }

    @Test("Loss and every gradient equal those of the oracle, with dropout", arguments: sizes)
    func oracle(sizes: ShapeCase) { DropoutModelTests().againstOracle(sizes: sizes) }

    @Test("Windows of any lengths with carried state have the same losses as one window, bit for bit", arguments: sizes)
    func windows(sizes: ShapeCase) { WindowTests().carriedState(sizes: sizes) }

    @Test("Gradients have the same bits at any number of ranks and each instruction set", arguments: sizes, [0, 0.3])
    func ranks(sizes: ShapeCase, dropout: Float) {
        RankCountTests().ranks(sizes: sizes, dropout: dropout)
        RankCountTests().sharing(sizes: sizes, dropout: dropout)
    }

    @Test(
        "Runs on 1, 3 and 8 ranks, and a run resumed on another number of ranks, end with the same digest", arguments: connections
    )
    func runs(connection: ConnectionKind) throws {
        let texts = try TrainingFolder(
            options: ["--connections", connection.rawValue] + TrainingFolder.model + ["--layers", "3"], lines: 60, validLines: 20)
        func digest(_ run: String, _ program: RunningProgram) throws -> String {
            let ending = try program.end(timeLimit: 60)
            try #require(ending.status == 0, "\(ending)")
            return try #require(try RunLog(run: texts.path(run)).finalDigest)
        }
        let alone = try digest("run-1", texts.start(ranks: 1, run: "run-1", ["--epochs", "2"]))
        for ranks in [3, 8] {
            let run = "run-\(ranks)"
            #expect(try digest(run, texts.start(ranks: ranks, run: run, ["--epochs", "2"])) == alone, "\(run)")
        }
        #expect(try digest("resumed", texts.start(ranks: 2, run: "resumed", ["--epochs", "1"])) != alone)
        #expect(try digest("resumed", texts.startResume(ranks: 3, run: "resumed", ["--epochs", "2"])) == alone)
    }
}
