import ArgumentParser
import Assessment
import Configuration
import Failures
import Files
import Kinds

/// `rnntrain rescore`: the scores of a model for the hypotheses of n-best lists.
struct RescoreCommand: ExampledCommand {
    static let configuration = CommandConfiguration(
        commandName: "rescore",
        abstract: "Rescore n-best lists of a recogniser: combined scores, word error rate.",
        discussion: """
            The score of a hypothesis is its acoustic score + WEIGHT * log P + BONUS * words, where log P is that of the model for the whole \
            line, in nats. Names, texts and the order of the list do not change. The word error rate is printed on standard error.
            """)

    static let examples = [
        HelpExample(
            "Choose the weights on a development set",
            "rnntrain rescore --checkpoint runs/words --nbest dev.list --format kaldi --scores dev.costs \\\n      --references dev.txt --tune > tuned"
        ),
        HelpExample(
            "Rescore the test set with these weights",
            "rnntrain rescore --checkpoint runs/words --nbest test.list --format kaldi --scores test.costs \\\n      --weight 0.5 --length-bonus 1 > rescored"
        ),
    ]

    @Option(
        help: ArgumentHelp("Checkpoint file, best.safetensors, run folder, or ARPA file. (required)", valueName: "path"),
        completion: .file())
    var checkpoint: String

    @Option(
        help: ArgumentHelp("File with the n-best lists; -: the standard input. (required)", valueName: "file"),
        completion: .file())
    var nbest: String

    @Option(
        help: ArgumentHelp(
            """
            kaldi: lines 'utt-n words', costs with --scores. nemo: lines 'candidate<tab>score'. mlm-scoring: JSON. espnet: lines 'utt-n \
            words', scores with --scores, a folder as output. (required)
            """, valueName: "format"))
    var format: NBestFormat

    @Option(
        help: ArgumentHelp(
            "Acoustic scores, lines 'utt-n number': costs for kaldi, log probabilities for espnet. (default: none)",
            valueName: "file"), completion: .file())
    var scores: String?

    @Option(help: ArgumentHelp("Number of lines of an utterance. (required with --format nemo)", valueName: "n"))
    var beamSize: String?

    @Option(help: ArgumentHelp("Weight of log P of the model. (only with acoustic scores; default: 0.5)", valueName: "x"))
    var weight: String?

    @Option(help: ArgumentHelp("Bonus for each word. (only with acoustic scores; default: 0)", valueName: "x"))
    var lengthBonus: String?

    @Option(
        help: ArgumentHelp(
            "References, lines 'utt words'; for nemo one for each utterance. (default: those of an mlm-scoring file)",
            valueName: "file"), completion: .file())
    var references: String?

    @Flag(help: "Take the weight and the bonus with the fewest word errors against the references. (default: off)")
    var tune = false

    @Option(
        help: ArgumentHelp("Folder for the files. (required with --format espnet)", valueName: "folder"), completion: .directory)
    var output: String?

    @Flag(
        help: """
            Skip characters that are not in the vocabulary, with a note, instead of an error. Unknown words are always read as <unk>. \
            (default: off)
            """)
    var skipUnknown = false

    @Flag(help: "Print one JSON object with the weights and word error rates instead of the lists. (default: off)")
    var json = false

    func run() throws {
        let settings = RescoreSettings(
            format: format, weights: try weights(), tunes: tune, output: output, skipsUnknown: skipUnknown, json: json)
        try checkOptions()
        try checkOutput()
        let beam = try beamSize.map { try ValueRange.whole(1...ValueRange.most).value($0, of: "--beam-size") } ?? 1
        let named = try NamedCheckpoint(checkpoint)
        let file = try NamedData.file(nbest, namedBy: "--nbest")
        let acoustic = try scores.map { try NamedData.file($0, namedBy: "--scores") }
        var list = try format.list(file, scores: acoustic, beam: beam)
        if let references {
            let file = try NamedData.file(references, namedBy: "--references")
            list.references = try format.references(file, for: list)
            list.unmatched = format.unmatchedReferences(file, for: list)
        }
        if tune, list.references == nil, let utterance = list.firstWithoutReference {
            throw DataFileError(
                path: list.name, line: nil,
                reason: "the utterance '\(utterance)' has no ref, but --tune needs one of each utterance",
                advice: "Add it, or name a file of references with --references.")
        }
        if tune, list.references == nil { throw RescoreOptionError.noReferences }
        if tune, !list.hasAcoustic { throw RescoreOptionError.noScores }
        if let option = weightOption, !list.hasAcoustic { throw RescoreOptionError.nothingToWeigh(option) }
        try runRescoring(model: named.openScoring().model, list: list, settings: settings)
    }

    private func checkOutput() throws {
        guard let output, !json else { return }
        let inputs =
            [
                ("--checkpoint", checkpoint), ("--nbest", nbest), ("--scores", scores), ("--references", references),
            ] + OutputFile.inputs(ofRunOf: checkpoint)
        try OutputFile.check(NBestFormat.espnetNames, in: output, namedBy: "--output", inputs: inputs)
    }

    private func weights() throws -> RescoringWeights {
        RescoringWeights(
            weight: try ValueRange.signed.value(weight ?? "0.5", of: "--weight"),
            lengthBonus: try ValueRange.signed.value(lengthBonus ?? "0", of: "--length-bonus"))
    }

    private var weightOption: String? { weight != nil ? "--weight" : lengthBonus != nil ? "--length-bonus" : nil }

    private func checkOptions() throws(RescoreOptionError) {
        if (format == .nemo) != (beamSize != nil) { throw .beamSize(format) }
        if tune, let option = weightOption { throw .tuned(option) }
        if scores != nil, format == .nemo || format == .mlmScoring { throw .scores(format) }
        if json, output != nil { throw .outputOfJSON }
        if json { return }
        if (format == .espnet) != (output != nil) { throw .output(format) }
    }
}

/// Options of `rescore` that do not fit together.
enum RescoreOptionError: UserFacingError {
    case beamSize(NBestFormat)
    case scores(NBestFormat)
    case output(NBestFormat)
    case outputOfJSON
    case noReferences
    case noScores
    /// A weight without acoustic scores.
    case nothingToWeigh(String)
    /// A weight that `--tune` would choose.
    case tuned(String)

    var exitStatus: ExitStatus { .usage }

    var description: String {
        switch self {
        case .beamSize(.nemo): "--format nemo needs --beam-size N, the number of lines of each utterance."
        case .beamSize: "--beam-size belongs to --format nemo: omit it."
        case .scores(let format): "--format \(format.rawValue) has the acoustic scores in the list: omit --scores."
        case .output(.espnet): "--format espnet writes several files: name a folder with --output."
        case .output: "--output belongs to --format espnet: redirect the standard output to a file."
        case .outputOfJSON: "--json prints totals and writes no files: omit --output."
        case .noReferences: "--tune needs references: name them with --references."
        case .nothingToWeigh(let option):
            "\(option) has no effect without acoustic scores: name them with --scores, or omit \(option)."
        case .tuned(let option): "--tune chooses the weights, so that \(option) has no effect. Omit one of them."
        case .noScores: "--tune needs acoustic scores: name them with --scores."
        }
    }
}
