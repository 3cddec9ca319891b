import ArgumentParser
import Configuration
import Failures
import Files
import Kinds
import NGrams
import TextData

/// `rnntrain ngram`: estimates an n-gram model, and writes it as an ARPA file.
struct NgramCommand: ExampledCommand {
    static let configuration = CommandConfiguration(
        commandName: "ngram",
        abstract: "Estimate an n-gram model with interpolated modified Kneser-Ney smoothing, and write it as an ARPA file.",
        discussion: """
            Each line of the text is a sentence. With the vocabulary of a network, evaluate and score can interpolate both models. Rank 0 does \
            the work, in as many threads as it has processors; other ranks end at once.
            """)

    static let examples = [
        HelpExample(
            "Estimate a 5-gram model",
            "rnntrain ngram --train train.txt --arpa words.arpa"),
        HelpExample(
            "Estimate a trigram model with the vocabulary of a network",
            "rnntrain ngram --train train.txt --arpa trigrams.arpa --order 3 \\\n      --vocabulary runs/words"),
        HelpExample(
            "Evaluate the network with it; the weight is tuned on valid.txt",
            "rnntrain evaluate --checkpoint runs/words --data test.txt \\\n      --interpolate trigrams.arpa --tune valid.txt"),
    ]

    @Option(help: ArgumentHelp("Training text. (required)", valueName: "file"), completion: .file())
    var train: String

    @Option(
        help: ArgumentHelp("ARPA file to write; an existing ARPA file is replaced. (required)", valueName: "file"),
        completion: .file())
    var arpa: String

    @Option(help: ArgumentHelp("Length of the longest n-grams.", valueName: "n"))
    var order = "5"

    @Option(
        help: ArgumentHelp(
            "Checkpoint file or run folder of a network of words, whose vocabulary is taken. (default: the words of the text)",
            valueName: "path"), completion: .file())
    var vocabulary: String?

    @Option(
        help: ArgumentHelp(
            """
            Maximum number of vocabulary entries, including </s> and <unk>; the most frequent are kept; 0: no limit. (default: 10000, as in \
            train)
            """, valueName: "n"))
    var vocabularySize: String?

    @Option(help: ArgumentHelp("Words with fewer occurrences in the text become <unk>. (default: 1)", valueName: "n"))
    var minimumCount: String?

    @Option(
        help: ArgumentHelp(
            """
            Remove n-grams that occur at most so many times: numbers for orders 1, 2, ..., separated by commas; the last one is for all \
            higher orders. The first must be 0. (default: 0)
            """, valueName: "n,n,..."))
    var prune: String?

    @Flag(help: "Print one JSON object instead of lines. (default: off)")
    var json = false

    func run() throws {
        let order = try ValueRange.whole(KneserNey.orders).value(order, of: "--order")
        let settings = NgramSettings(
            order: order, prune: try thresholds(order: order),
            limits: try limits(), vocabulary: vocabulary)
        if vocabulary != nil, vocabularySize != nil || minimumCount != nil {
            throw OptionConflict(
                "--vocabulary gives all words, so that \(vocabularySize != nil ? "--vocabulary-size" : "--minimum-count") has no effect. "
                    + "Omit one of them.")
        }
        try InputFile.check(train, namedBy: "--train")
        try OutputFile.check(arpa, namedBy: "--arpa", inputs: [("--train", train), ("--vocabulary", vocabulary)])
        if pathExists(arpa), !NGramModel.beginsAsARPA(arpa) { throw OutputFileError.isNoARPA(path: arpa, option: "--arpa") }
        try runEstimation(train: train, arpa: arpa, settings: settings, json: json)
    }

    private func thresholds(order: Int) throws -> [Int] {
        guard let prune else { return [] }
        let thresholds = try prune.split(separator: ",", omittingEmptySubsequences: false).map {
            try ValueRange.whole(0...Int(Int32.max)).value(String($0), of: "--prune")
        }
        if thresholds.count > order {
            throw OptionConflict(
                "--prune has \(thresholds.count) numbers, but --order is \(order): the last \(counted(thresholds.count - order, "number")) "
                    + "would have no effect. Omit them, or raise --order.")
        }
        return thresholds
    }

    private func limits() throws -> VocabularyLimits {
        let size = try ValueRange.whole(4...Int(Int32.max), orZero: "for no limit").value(
            vocabularySize ?? "10000", of: "--vocabulary-size")
        let least = try ValueRange.whole(1...ValueRange.most).value(minimumCount ?? "1", of: "--minimum-count")
        return VocabularyLimits(size: size == 0 ? nil : size, minimumCount: least)
    }
}
