import Digests
import Failures
import Foundation
import Tasks
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
    /// The same of a model whose metric is the accuracy.
    public let accuracy: Double?
    public let bestAccuracy: Double?
    /// The task's metric at the last validation and at the best one, for people.
    private let lastFigure: Figure?
    private let bestFigure: Figure?
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
        /// The cell by its name.
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

    private enum CodingKeys: String, CodingKey {
        case step, epoch, tokens, perplexity, bestPerplexity, accuracy, bestAccuracy, bestStep, model, parametersDigest
        case vocabularyDigest, textDigests
    }

    init(_ checkpoint: StoredCheckpoint) {
        let state = checkpoint.state
        step = state.step
        epoch = state.lastEpoch
        tokens = state.tokens
        let metric = checkpoint.configuration.taskType.metric
        lastFigure = Self.figure(state.convergence.lastLoss, metric)
        bestFigure = Self.figure(state.convergence.bestLoss, metric)
        perplexity = Self.value(lastFigure, "perplexity")
        bestPerplexity = Self.value(bestFigure, "perplexity")
        accuracy = Self.value(lastFigure, "accuracy")
        bestAccuracy = Self.value(bestFigure, "accuracy")
        bestStep = state.convergence.bestStep
        model = Model(checkpoint.modelShape)
        parametersDigest = checkpoint.parametersDigest
        vocabularyDigest = checkpoint.vocabulary.digest.hexadecimal
        textDigests = checkpoint.textDigests
    }

    /// JSON has no infinity, so an infinite figure becomes nil.
    private static func figure(_ criterion: Double?, _ metric: any Metric) -> Figure? {
        guard let figure = criterion.map({ metric.figure($0) }), case .number(let value) = figure.value, value.isFinite else {
            return nil
        }
        return figure
    }

    private static func value(_ figure: Figure?, _ name: String) -> Double? {
        guard let figure, figure.name == name, case .number(let value) = figure.value else { return nil }
        return value
    }
}

extension CheckpointSummary: CustomStringConvertible {
    /// `step 1880, epoch 11, last validation perplexity 1.505, best 1.505 (step 1880), parameters a36fddd866a4bb95`
    public var description: String {
        let measured = lastFigure.map { ", last validation \($0.name) \($0.text)" } ?? ""
        let best =
            bestFigure.map { ", best \($0.text) (step \(NumberText.grouped(bestStep)))" }
            ?? ""
        return "step \(NumberText.grouped(step)), epoch \(epoch)\(measured)\(best), parameters \(parametersDigest)"
    }
}
