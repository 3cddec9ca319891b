import Kinds
import Layers
import Testing

/// A registered cell with some of its settings, and its equations in Double.
struct CellUnderTest: Sendable, CustomTestStringConvertible {
    let name: String
    let cell: CellKind
    let settings: Settings
    let oracle: any OracleCell

    var testDescription: String { name }

    /// All cells of `--cell`. Each suite of this folder runs over these.
    static let all: [CellUnderTest] = [
        CellUnderTest("additive", OracleAdditive()),
        CellUnderTest("average", OracleVectors(context: 4, averages: true)),
        CellUnderTest("average", OracleVectors(context: 1, averages: true), "context of 1") { $0[CellSettings.context] = 1 },
        CellUnderTest("concatenation", OracleVectors(context: 4, averages: false)),
        CellUnderTest("concatenation", OracleVectors(context: 9, averages: false), "context of 9") {
            $0[CellSettings.context] = 9
        },
        CellUnderTest("feed-forward", OracleFeedForward(context: 4)),
        CellUnderTest("feed-forward", OracleFeedForward(context: 1), "context of 1") { $0[CellSettings.context] = 1 },
        CellUnderTest("feed-forward", OracleFeedForward(context: 9, nonlinearity: .sigmoid), "context of 9") {
            $0[CellSettings.context] = 9
            $0[CellSettings.nonlinearity] = .sigmoid
        },
        CellUnderTest("elman", OracleElman(nonlinearity: .tanh)),
        CellUnderTest("elman", OracleElman(nonlinearity: .relu), "relu") { $0[CellSettings.nonlinearity] = .relu },
        CellUnderTest("elman", OracleElman(nonlinearity: .sigmoid), "sigmoid") { $0[CellSettings.nonlinearity] = .sigmoid },
        CellUnderTest("elman", OracleTransition(cell: OracleElman(nonlinearity: .tanh), size: 5), "transition") {
            $0[CellSettings.transitionSize] = 5
        },
        CellUnderTest("elman-pre", OracleElmanPre(nonlinearity: .tanh)),
        CellUnderTest("elman-pre", OracleElmanPre(nonlinearity: .sigmoid), "sigmoid") {
            $0[CellSettings.nonlinearity] = .sigmoid
        },
        CellUnderTest("gru", OracleGRU()),
        CellUnderTest("elman-jordan", OracleJordan(output: .softmax, readsUnits: true)),
        CellUnderTest("elman-jordan", OracleJordan(output: .sigmoid, nonlinearity: .relu, size: 5, readsUnits: true), "5 outputs")
        {
            $0[CellSettings.projectionSize] = 5
            $0[CellSettings.jordanOutput] = .sigmoid
            $0[CellSettings.nonlinearity] = .relu
        },
        CellUnderTest("gru", OracleGRU(timeSkips: [3]), "time skip of 3") { $0[CellSettings.timeSkips] = TimeSkips(steps: [3])! },
        CellUnderTest("jordan", OracleJordan(output: .softmax)),
        CellUnderTest("jordan", OracleJordan(output: .tanh, size: 5), "5 outputs") {
            $0[CellSettings.projectionSize] = 5
            $0[CellSettings.jordanOutput] = .tanh
        },
        CellUnderTest("gru", OracleGRUResetBefore(), "reset before") { $0[CellSettings.gruReset] = .before },
        CellUnderTest("leaky", OracleLeaky(longest: 100)),
        CellUnderTest("leaky", OracleLeaky(longest: 7), "longest time scale 7") { $0[CellSettings.longestTimeScale] = 7 },
        CellUnderTest("leaky", OracleLeaky(longest: 100, isLearned: true), "learned time scales") {
            $0[CellSettings.timeScales] = .learned
        },
        CellUnderTest("lstm", OracleLSTM()),
        CellUnderTest("lstm", OracleProjectedLSTM(size: 3), "projection") { $0[CellSettings.projectionSize] = 3 },
        CellUnderTest("lstm", OracleTransition(cell: OracleLSTM(), size: 6), "transition") {
            $0[CellSettings.transitionSize] = 6
        },
        CellUnderTest("lstm", OracleNormalizedLSTM(), "layer norm") { $0[CellSettings.layerNorm] = true },
        CellUnderTest("lstm", OracleLSTM(timeSkips: [2, 4]), "time skips of 2 and 4") {
            $0[CellSettings.timeSkips] = TimeSkips(steps: [2, 4])!
        },
        CellUnderTest("mingru", OracleMinGRU()),
        CellUnderTest("minlstm", OracleMinLSTM()),
        CellUnderTest("mogrifier", OracleMogrifier(rounds: 5, rank: 3), "rank 3") { $0[CellSettings.mogrifierRank] = 3 },
        CellUnderTest("mogrifier", OracleMogrifier(rounds: 2, rank: 3), "2 rounds") {
            $0[CellSettings.mogrifierRounds] = 2
            $0[CellSettings.mogrifierRank] = 3
        },
        CellUnderTest("rglru", OracleRGLRU()),
        CellUnderTest("slstm", OracleSLSTM()),
        CellUnderTest("update-gate", OracleUpdateGate()),
    ]

    /// The cell named `cell`, with the settings that `set` changes. `variant` names the combination.
    init(_ cell: String, _ oracle: any OracleCell, _ variant: String? = nil, set: (inout Settings) -> Void = { _ in }) {
        guard let kind = CellKind(rawValue: cell) else { preconditionFailure("no cell has the name \(cell)") }
        var settings = Settings()
        set(&settings)
        (name, self.cell, self.settings) = (variant.map { "\(cell), \($0)" } ?? cell, kind, settings)
        self.oracle = oracle
    }
}

@Suite("The cells under test")
struct CellUnderTestTests {
    @Test("Every registered cell has golden values")
    func golden() throws {
        let fixtures = try GoldenFixture.names.map { try GoldenFixture.load($0) }
        for cell in CellKind.allCases {
            #expect(
                fixtures.contains { $0.cell == cell.rawValue }, "--cell \(cell.rawValue) has no fixture in GoldenFixture.names")
        }
    }

    @Test("Every registered cell has an oracle")
    func complete() {
        for cell in CellKind.allCases {
            if Cells.predictsClasses(cell) { continue }  // ShapeCase.predicting
            #expect(CellUnderTest.all.contains { $0.cell == cell }, "--cell \(cell.rawValue) has no oracle in CellUnderTest.all")
        }
    }
}
