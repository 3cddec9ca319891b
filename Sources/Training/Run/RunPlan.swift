import Configuration
import Foundation
import Tasks
import Runs
import TextData

/// The result of rank 0's preparation of a run, which it sends to all ranks.
struct RunPlan: Codable {
    /// The configuration, with the number of shards.
    var configuration: TrainingConfiguration
    var vocabularySize: Int
    /// The counts of the tokens that the output layer uses; empty if it uses none.
    var tokenCounts: [Int]
    /// A token file of rank 0.
    struct PlannedTokens: Codable {
        let path: String
        /// `TokenFile.tokensDigest`.
        let digest: UInt64
    }

    /// The token files, by role.
    var tokenFiles: [String: PlannedTokens]
    var runFolder: String
    /// The state from which a resumed run continues.
    var state: TrainingState
    /// Whether parameters, moments and hidden states come from a checkpoint.
    var isResumed: Bool
    /// The content of `best.safetensors`; nil if there is none.
    var best: BestModel?
    /// Whether the run has abandoned the steps that led to `best`.
    var bestIsAbandoned: Bool
    /// The best validation in the log of a resumed run. Its parameters are lost if `best` has a higher loss.
    var loggedBest: BestValidation?
    var symbols: TextSymbols
    /// The size of the test text; nil without one.
    var testExtent: TextExtent?

    /// The plan as text, for the broadcast.
    func jsonText() throws -> String { String(decoding: try JSONEncoder().encode(self), as: UTF8.self) }

    init(jsonText: String) throws { self = try JSONDecoder().decode(RunPlan.self, from: Data(jsonText.utf8)) }

    init(
        configuration: TrainingConfiguration, vocabulary: Vocabulary, tokenFiles: [String: PlannedTokens], runFolder: String,
        state: TrainingState, isResumed: Bool, best: BestModel? = nil, bestIsAbandoned: Bool = false,
        loggedBest: BestValidation? = nil, symbols: TextSymbols, testExtent: TextExtent?
    ) {
        self.configuration = configuration
        vocabularySize = vocabulary.size
        tokenCounts = configuration.tokenCounts(of: vocabulary)
        self.tokenFiles = tokenFiles
        self.runFolder = runFolder
        self.state = state
        self.isResumed = isResumed
        (self.best, self.bestIsAbandoned, self.loggedBest) = (best, bestIsAbandoned, loggedBest)
        self.symbols = symbols
        self.testExtent = testExtent
    }
}
