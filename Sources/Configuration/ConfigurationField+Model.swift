import Kinds
import Layers

extension ConfigurationField {
    /// The network and its initial parameters.
    static let model: [ConfigurationField] =
        [
            // The keys that most runs set stand first in help and tables.
            .init(.cell, \.cell, .model, .fixed, "Recurrent cell; elman is the simple RNN."),
            .init(
                .layers, \.layers, .model, .fixed, range: .whole(1...1000), placeholder: "n",
                "Number of stacked recurrent layers."),
            .init(
                .hiddenSize, \.hiddenSize, .model, .fixed, range: .whole(1...1_000_000), placeholder: "n",
                "Units of each recurrent layer."),
            .init(
                .embeddingSize, \.embeddingSize, .model, .fixed, range: .whole(1...1_000_000), placeholder: "n",
                "Units of the embedding."),
            .init(
                .dropout, \.dropout, .model, .fixed, range: .fraction(orZero: "for none"), placeholder: "p",
                "Probability of dropping a unit of the embedding's output and of each layer's output, below 1; 0: off."),
            .init(
                .tieWeights, \.tieWeights, .model, .fixed,
                "Share one matrix between the embedding and the output layer. --embedding-size must be the number of columns that the output layer reads: --hidden-size, or --projection-size or --output-mlp if given; with --cell concatenation, --context times --hidden-size."
            ),
        ] + kinds(of: Cells.self, .model) + [
            .init(
                .connections, \.connections, .model, .fixed, isNew: true,
                "What the layer above reads: the output of a layer (stacked), or its output joined with its input."),
            .init(
                .output, \.output, .model, .fixed, isNew: true,
                "Output layer: what turns the topmost layer's output into a distribution over the vocabulary."),
        ] + kinds(of: Outputs.self, .model, areNew: true) + [
            .init(
                .tokenFrequencies, optional: \.tokenFrequencies, .model, .fixed,
                absent: "counts; zipf for classifiers and in a run that lacks the key",
                readers: KindReaders(chooser: Outputs.key, names: Outputs.frequencyNames), isNew: true,
                "How often tokens occur, for the Huffman tree and for samples: their counts in the training text, or Zipf's law by rank, which is the "
                    + "number of the token. Tokens of --tokens byte and sentencepiece are not numbered by frequency: use counts."
            ),
            .init(
                .wordVectors, optional: \.wordVectors, .model, .startOnly, range: .path, placeholder: "file", absent: "none",
                isNew: true,
                "Text file of word2vec, fastText or GloVe, from which the embedding starts. Tokens that it lacks start at random. A resumed run does not read it."
            ),
            .init(
                .freezeEmbeddings, \.freezeEmbeddings, .model, .fixed, isNew: true,
                "Leave the embedding as it starts, such as with --word-vectors."),
            .init(
                .inputLayerSize, \.inputLayerSize, .model, .fixed, range: .whole(1...1_000_000, orZero: "for none"),
                placeholder: "n", isNew: true,
                "Units of a tanh layer between the embedding and the lowest recurrent layer; 0: none."),
            .init(
                .outputLayerSize, \.outputLayerSize, .model, .fixed, range: .whole(1...1_000_000, orZero: "for none"),
                placeholder: "n", isNew: true,
                "Units of a tanh layer between the topmost recurrent layer and the output layer; 0: none."),
            .init(
                .lockedDropout, \.lockedDropout, .model, .fixed, isNew: true,
                "With --dropout: a stream drops the same units at all time steps of a window."),
            .init(
                .embeddingDropout, \.embeddingDropout, .model, .fixed, range: .fraction(orZero: "for none"), placeholder: "p",
                isNew: true, "Probability of dropping a token of the vocabulary for a step, below 1; 0: off."),
            .init(
                .weightDropout, \.weightDropout, .model, .fixed, range: .fraction(orZero: "for none"), placeholder: "p",
                isNew: true, readers: KindReaders(chooser: Cells.key, names: Cells.namesWithRecurrentWeights),
                "Probability of dropping a recurrent weight for a step, below 1; 0: off."),
            .init(
                .activationRegularization, \.activationRegularization, .model, .fixed, range: .number(orZero: "for none"),
                placeholder: "x", isNew: true,
                "Factor of the mean square of the output layer's input, which is added to the loss; 0: off."),
            .init(
                .temporalRegularization, \.temporalRegularization, .model, .fixed, range: .number(orZero: "for none"),
                placeholder: "x", isNew: true,
                "Factor of the mean square of the changes of the output layer's input from step to step, which is added to the loss; 0: off."
            ),
            .init(
                .initialization, \.initialization, .model, .fixed,
                "Initial recurrent matrices; identity is for an Elman cell with relu."),
            .init(
                .initialScale, \.initialScale, .model, .fixed, range: .number(), placeholder: "x",
                "Uniform initial parameters are drawn from -x ... x."),
            .init(
                .forgetBias, optional: \.forgetBias, .model, .fixed, range: .signed, placeholder: "x",
                absent: "1 with orthogonal and identity, 0 with uniform",
                readers: KindReaders(chooser: Cells.key, names: Cells.namesWithForgetGate),
                "Added to the initial bias of the forget gate."),
            .init(
                .initialState, \.initialState, .model, .fixed,
                readers: KindReaders(chooser: Cells.key, names: Cells.namesWithLearnedState),
                "Hidden state at the start of an epoch, or of each line with --batching sentences: zero or learned."),
            .init(.precision, \.precision, .model, .fixed, "Precision of the matrix products."),
        ]
}
