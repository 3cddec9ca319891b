import Kinds
import Layers
import Testing

/// A registered output layer with some of its settings, and its equations in Double.
struct OutputUnderTest: Sendable, CustomTestStringConvertible {
    let name: String
    let output: OutputKind
    let settings: Settings
    let oracle: any OracleOutput
    /// Whether the frequencies of tokens are `TestCounts`.
    var usesCounts = false

    var testDescription: String { name }
    var mayBeTied: Bool { Outputs.mayBeTied(output) }

    /// Every output layer that `--output` names; each suite of output layers runs over these. The vocabulary has 11 or 401 tokens.
    static let all: [OutputUnderTest] = [
        OutputUnderTest("full", OracleFullOutput()),
        OutputUnderTest("adaptive", OracleAdaptiveOutput(cutoffs: [3, 6], division: 2), "two clusters") {
            $0[OutputSettings.cutoffs] = [3, 6]
            $0[OutputSettings.tailDivision] = 2
        },
        OutputUnderTest("adaptive", OracleAdaptiveOutput(cutoffs: [2, 200], division: 4), "a cluster beyond the vocabulary") {
            $0[OutputSettings.cutoffs] = [2, 200]
        },
        OutputUnderTest("adaptive", OracleAdaptiveOutput(cutoffs: [2000, 10000], division: 4), "the head alone"),
        OutputUnderTest("class", OracleClassOutput(classes: 4), "four classes") { $0[OutputSettings.classes] = 4 },
        OutputUnderTest("full", OracleFullOutput(direct: OracleDirect(order: 3, size: 300)), "max-ent of order 3") {
            ($0[OutputSettings.maxEntOrder], $0[OutputSettings.maxEntSize]) = (3, 300)
        },
        OutputUnderTest("class", OracleClassOutput(classes: 4, direct: OracleDirect(order: 2, size: 200)), "max-ent of order 2") {
            ($0[OutputSettings.classes], $0[OutputSettings.maxEntOrder], $0[OutputSettings.maxEntSize]) = (4, 2, 200)
        },
        OutputUnderTest("mixture", OracleMixtureOutput(count: 3)),
        OutputUnderTest("mixture", OracleMixtureOutput(count: 2), "of two") { $0[OutputSettings.mixtureSize] = 2 },
        OutputUnderTest("hierarchical", OracleHierarchicalOutput()),
        OutputUnderTest("hierarchical", OracleHierarchicalOutput(usesCounts: true), "by counts", usesCounts: true),
        OutputUnderTest("sampled", OracleSampledOutput(kind: .sampled, samples: 6)) { $0[OutputSettings.samples] = 6 },
        OutputUnderTest("sampled", OracleSampledOutput(kind: .sampled, samples: 40, power: 0.5), "many samples") {
            ($0[OutputSettings.samples], $0[OutputSettings.samplePower]) = (40, 0.5)
        },
        OutputUnderTest(
            "sampled", OracleSampledOutput(kind: .sampled, samples: 20, power: 0.75, usesCounts: true), "by counts",
            usesCounts: true
        ) {
            ($0[OutputSettings.samples], $0[OutputSettings.samplePower]) = (20, 0.75)
        },
        OutputUnderTest("nce", OracleSampledOutput(kind: .nce, samples: 9, logNormalizer: 1.5)) {
            ($0[OutputSettings.samples], $0[OutputSettings.logNormalizer]) = (9, 1.5)
        },
        OutputUnderTest("blackout", OracleSampledOutput(kind: .blackout, samples: 9, power: 0)) {
            ($0[OutputSettings.samples], $0[OutputSettings.samplePower]) = (9, 0)
        },
    ]

    /// The output with the name `output`, with what `set` sets, which `options` set in a run.
    init(
        _ output: String, _ oracle: any OracleOutput, _ variant: String? = nil, usesCounts: Bool = false,
        set: (inout Settings) -> Void = { _ in }
    ) {
        guard let kind = OutputKind(rawValue: output) else { preconditionFailure("no output has the name \(output)") }
        var settings = Settings()
        set(&settings)
        (name, self.output, self.settings) = (variant.map { "\(output), \($0)" } ?? output, kind, settings)
        self.oracle = oracle
        self.usesCounts = usesCounts
    }

    /// Small models with this output: few tokens and many, and tied weights where it has them.
    var shapes: [ShapeCase] {
        let shape = { (name: String, tied: Bool, V: Int) in
            ShapeCase(
                "\(self.name), \(name)", .lstm, OracleLSTM(), settings: settings, output: output, oracleOutput: oracle,
                tied: tied,
                vocabularySize: V, tokenCounts: usesCounts ? TestCounts.counts(V) : [])
        }
        return [shape("11 tokens", false, 11), shape("401 tokens", false, 401)] + (mayBeTied ? [shape("tied", true, 11)] : [])
    }

    static let allShapes = all.flatMap(\.shapes)
}

/// Counts of tokens that are not in descending order. Some are 0, and many are equal.
enum TestCounts {
    static func counts(_ V: Int) -> [Int] { (0..<V).map { ($0 * 37 + 11) % 53 / 3 } }

    static func frequencies(_ V: Int) -> [Double] { counts(V).map { Double(max($0, 1)) } }
}

@Suite("The outputs under test")
struct OutputUnderTestTests {
    @Test("Every registered output has an oracle")
    func complete() {
        for output in OutputKind.allCases {
            #expect(
                OutputUnderTest.all.contains { $0.output == output },
                "--output \(output.rawValue) has no oracle in OutputUnderTest.all")
        }
    }
}
