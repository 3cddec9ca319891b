import Digests
import Failures
import Foundation
import Inference
import Models
import Runs

/// A summary of a checkpoint.
public struct CheckpointSummary: Encodable, Sendable, Equatable {
    /// The number of completed steps.
    public let step: Int
    /// The epoch of the last step, from 1; 1 before the first step.
    public let epoch: Int
    /// The number of tokens predicted so far.
    public let tokens: Int
    /// The perplexity of the last validation; nil before the first.
    public let perplexity: Double?
    /// The best validation perplexity so far.
    public let bestPerplexity: Double?
    /// The step of the best validation; 0 before the first.
    public let bestStep: Int
    public let model: Model
    /// The digest of the parameters, as in the log.
    public let parametersDigest: String
    public let vocabularyDigest: String
    /// The digests of the texts, by role.
    public let textDigests: [String: String]

    /// The sizes of the model.
    public struct Model: Encodable, Sendable, Equatable, CustomStringConvertible {
        public let cell: String
        public let layers: Int
        public let embeddingSize: Int
        public let hiddenSize: Int
        public let vocabularySize: Int
        /// The number of floats of all parameters.
        public let parameters: Int

        init(_ shape: ModelShape) {
            cell = shape.cell.rawValue
            layers = shape.layers
            embeddingSize = shape.embeddingSize
            hiddenSize = shape.hiddenSize
            vocabularySize = shape.vocabularySize
            parameters = shape.parameterLayout.parameterCount
        }

        public var description: String {
            "\(cell) \(layers) x \(hiddenSize), embedding \(embeddingSize), "
                + "\(NumberText.counted(vocabularySize, "symbol")), \(NumberText.scaled(Double(parameters))) parameters"
        }
    }

    init(_ checkpoint: StoredCheckpoint) {
        let state = checkpoint.state
        step = state.step
        epoch = state.lastEpoch
        tokens = state.tokens
        perplexity = Self.perplexity(state.convergence.lastLoss)
        bestPerplexity = Self.perplexity(state.convergence.bestLoss)
        bestStep = state.convergence.bestStep
        model = Model(checkpoint.modelShape)
        parametersDigest = checkpoint.parametersDigest
        vocabularyDigest = checkpoint.vocabulary.digest.hexadecimal
        textDigests = checkpoint.textDigests
    }

    /// JSON has no infinity, so an infinite perplexity becomes nil.
    private static func perplexity(_ loss: Double?) -> Double? {
        loss.map { exponential($0) }.flatMap { $0.isFinite ? $0 : nil }
    }
}

extension CheckpointSummary: CustomStringConvertible {
    /// `step 1880, epoch 11, last validation perplexity 1.505, best 1.505 (step 1880), parameters a36fddd866a4bb95`
    public var description: String {
        let measured = perplexity.map { ", last validation perplexity \(NumberText.perplexity($0, digits: 3))" } ?? ""
        let best =
            bestPerplexity.map { ", best \(NumberText.perplexity($0, digits: 3)) (step \(NumberText.grouped(bestStep)))" }
            ?? ""
        return "step \(NumberText.grouped(step)), epoch \(epoch)\(measured)\(best), parameters \(parametersDigest)"
    }
}
