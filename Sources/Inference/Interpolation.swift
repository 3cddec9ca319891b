public import Failures
public import NGrams
public import Runs
import Tasks
import Tensors
import TextData

/// Linear interpolation of a network with an n-gram model of the same words: `p = weight p_network + (1 - weight) p_n-grams`.
///
/// Source: Jelinek & Mercer 1980; for recurrent networks, Mikolov et al. 2010.
public struct Interpolation {
    /// The n-gram model.
    public let nGrams: NGramModel
    /// The weight of the network, from 0 to 1.
    public var weight: Double
    /// The number in the n-gram model of each word of the network. `[V]`
    private let words: [Int32]

    /// Throws `InterpolationError` if the network is not one of the same words, and `StoredRunError.noTokenModel` if it does not predict tokens.
    public init(_ network: StoredModel, _ nGrams: NGramModel, path: String, weight: Double) throws {
        try network.requireTokens(for: "--interpolate")
        guard network.unit == .word else {
            throw InterpolationError.notWords(checkpoint: network.path, unit: network.unit.rawValue)
        }
        var words: [Int32] = []
        for id in 0..<Int32(network.vocabulary.size) {
            let name = network.vocabulary.symbol(of: id)
            guard let word = nGrams.vocabulary.id(of: name) else {
                throw InterpolationError.vocabularies(word: name, known: network.path, unknown: path, checkpoint: network.path)
            }
            words.append(word)
        }
        for id in 0..<Int32(nGrams.vocabulary.size) where network.vocabulary.id(of: nGrams.vocabulary.symbol(of: id)) == nil {
            throw InterpolationError.vocabularies(
                word: nGrams.vocabulary.symbol(of: id), known: path, unknown: network.path, checkpoint: network.path)
        }
        (self.nGrams, self.weight, self.words) = (nGrams, weight, words)
    }

    /// The number in the n-gram model of a word of the network.
    func word(_ id: Int32) -> Int32 { words[Int(id)] }

    /// `-log p` from those of both models, in nats. The exact value of one model if the other has no weight.
    func surprisal(network: Double, nGrams: Double) -> Double {
        if weight >= 1 { return network }
        if weight <= 0 { return nGrams }
        let least = min(network, nGrams)
        let sum = weight * exponential(least - network) + (1 - weight) * exponential(least - nGrams)
        return least - RowKernels.log(sum)
    }
}

/// The network and the n-gram model cannot be interpolated.
public enum InterpolationError: UserFacingError, Equatable {
    case notWords(checkpoint: String, unit: String)
    case vocabularies(word: String, known: String, unknown: String, checkpoint: String)

    public var exitStatus: ExitStatus { .badData }

    public var description: String {
        switch self {
        case .notWords(let checkpoint, let unit):
            "\(checkpoint): this is a model of --tokens \(unit), but n-grams are of words. "
                + "Name a model of words."
        case .vocabularies(let word, let known, let unknown, let checkpoint):
            "the vocabularies differ: the word '\(value: word)' is in \(known), but not in \(unknown). "
                + "Write the n-gram model again, with rnntrain ngram --vocabulary \(ShellText.quoted(checkpoint))."
        }
    }
}

/// The surprisals of both models for each token of a text, in nats.
public struct PairedSurprisals: Sendable {
    var network: [Double] = []
    var nGrams: [Double] = []

    mutating func append(network: Double, nGrams: Double) {
        self.network.append(network)
        self.nGrams.append(nGrams)
    }

    /// The mean surprisal with a weight of the network, nats per token.
    public func loss(weight: Double, _ mixture: Interpolation) -> Double {
        var mixture = mixture
        mixture.weight = weight
        var sum = 0.0
        for index in network.indices { sum += mixture.surprisal(network: network[index], nGrams: nGrams[index]) }
        return sum / Double(network.count)
    }

    /// The first token, from 1, whose surprisal by the network is not finite; nil if there is none.
    public var firstNotFinite: Int? { network.firstIndex { !$0.isFinite }.map { $0 + 1 } }

    /// The weight of the network with the smallest loss, by expectation maximization (Dempster et al. 1977) from 1/2; 0 or 1 if a model by
    /// itself is as good. A weight whose loss is NaN is not taken.
    public func bestWeight(_ mixture: Interpolation) -> Double {
        // The ratio p_n-grams / p_network of each token; limited, so that no infinity occurs.
        let ratios = zip(network, nGrams).map { exponential(min(700, max(-700, $0 - $1))) }
        var weight = 0.5
        for _ in 0..<1000 {
            var sum = 0.0
            for ratio in ratios { sum += weight / (weight + (1 - weight) * ratio) }
            let next = sum / Double(ratios.count)
            let change = abs(next - weight)
            weight = next
            if change < 1e-9 { break }
        }
        let losses = [1, 0, weight].map { (weight: $0, loss: loss(weight: $0, mixture)) }.filter { !$0.loss.isNaN }
        return losses.min { $0.loss < $1.loss }?.weight ?? 0
    }
}
