import Foundation
import Kinds
import Layers
import Models
import TestSupport
import Testing

@Suite("Layers between embedding, recurrent layers and output", .serialized)
struct FeedforwardTests {
    private static let sizes = [
        ShapeCase("input", .lstm, OracleLSTM(), mlps: (7, 0)),
        ShapeCase("output", .gru, OracleGRU(), mlps: (0, 5), initialState: .learned),
        ShapeCase("input and output, tied", .lstm, OracleLSTM(), mlps: (10, 6), tied: true),
        ShapeCase("input and output, dense", .lstm, OracleLSTM(), connection: ConnectionKind(rawValue: "dense")!, mlps: (7, 5)),
        ShapeCase(
            "input of a cell that reads rows", CellKind(rawValue: "mogrifier")!, OracleMogrifier(rounds: 5, rank: 3),
            settings: settings { $0[CellSettings.mogrifierRank] = 3 }, mlps: (7, 0)),
        ShapeCase(
            "output, adaptive", .lstm, OracleLSTM(),
            settings: settings {
                $0[OutputSettings.cutoffs] = [3, 6]
                $0[OutputSettings.tailDivision] = 2
            }, output: OutputKind(rawValue: "adaptive")!,
            oracleOutput: OracleAdaptiveOutput(cutoffs: [3, 6], division: 2), mlps: (0, 8)),
    ]

    private static func settings(_ set: (inout Settings) -> Void) -> Settings {
        var settings = Settings()
        set(&settings)
        return settings
    }

    @Test(
        "Every gradient of the oracle equals central differences",
        arguments: [(3, 0, false), (0, 6, false), (3, 6, false), (3, 4, true)])
    func centralDifferences(input: Int, output: Int, tied: Bool) {
        OracleTests().centralDifferences(
            OracleCase(name: "layers of \(input) and \(output)", cell: OracleLSTM(), tied: tied, mlps: (input, output)))
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

    @Test("A model takes the bytes that were measured", arguments: sizes, [true, false])
    func measured(sizes: ShapeCase, training: Bool) { ModelShapeTests().measured(sizes: sizes, training: training) }
}
