import Configuration
import Foundation
import Inference
import Runs

/// What rank 0 found out while it prepared a run, and tells all ranks.
struct RunPlan: Codable {
    /// With the number of shards filled in.
    var configuration: TrainingConfiguration
    var vocabularySize: Int
    /// Token files by role.
    var tokenFiles: [String: String]
    var runFolder: String
    /// Where a resumed run goes on.
    var state: TrainingState
    /// Whether parameters, moments and hidden states come from a checkpoint.
    var isResumed: Bool
    /// What `best.safetensors` holds; nil for nothing yet.
    var best: BestModel?
    var special: SpecialTokens

    /// The plan as text, for the broadcast.
    func jsonText() throws -> String { String(decoding: try JSONEncoder().encode(self), as: UTF8.self) }

    init(jsonText: String) throws { self = try JSONDecoder().decode(RunPlan.self, from: Data(jsonText.utf8)) }

    init(
        configuration: TrainingConfiguration, vocabularySize: Int, tokenFiles: [String: String], runFolder: String,
        state: TrainingState, isResumed: Bool, best: BestModel? = nil, special: SpecialTokens
    ) {
        self.configuration = configuration
        self.vocabularySize = vocabularySize
        self.tokenFiles = tokenFiles
        self.runFolder = runFolder
        self.state = state
        self.isResumed = isResumed
        self.best = best
        self.special = special
    }
}
