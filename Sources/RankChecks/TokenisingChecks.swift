import Communication
import Files
import TextData
import Training

/// Tokenizes `--text` in `--unit` on all ranks, in blocks of `--block` bytes, into `--out`.tokens and `--out`.json.
///
/// With `--blind R`, rank R cannot open the text. `--pattern` is that of `--unit regex`. With `--requests yes`, prints how often rank 0 has looked
/// for a request to stop.
func checkTokenising(_ world: World, _ arguments: CheckArguments) throws {
    let unit = TokenUnit(rawValue: arguments["unit"] ?? "") ?? .word
    var requests = 0
    let tokenizer = DistributedTokenizer(world: world, blockByteCount: arguments.number("block", or: OpenedText.blockByteCount)) {
        requests += 1
        return []
    }
    if world.rank == arguments.number("blind", or: -1) { tokenizer.openNothing() }
    let readers = try world.agreeOnRoot(with: tokenizer) {
        let text = try tokenizer.open(path: arguments["text"] ?? "", unit: unit)
        let counts = try arguments["pattern"].map { SymbolCounts(try Tokenizer(pattern: $0)) } ?? SymbolCounts(unit: unit)
        let digest = try tokenizer.scan(text, counting: counts)
        let vocabulary = try counts.vocabulary(VocabularyLimits(size: arguments["size"].flatMap { Int($0) }), source: "text")
        let encoded = try arguments["encode"].map { try tokenizer.open(path: $0, unit: unit) } ?? text
        let out = arguments["out"] ?? ""
        try tokenizer.writeTokens(encoded, digest: digest, vocabulary: vocabulary, to: out + ".tokens")
        try vocabulary.write(path: out + ".json")
        return tokenizer.readerCount(of: text)
    }
    report(world, "read by \(readers ?? 0)")
    if arguments["requests"] != nil { report(world, "asked \(requests) times") }
}

/// Measures the tokenizing of `--text` in every unit. The vocabulary of words has `--size` symbols.
func checkTokenisingSpeed(_ world: World, _ arguments: CheckArguments) throws {
    for unit in [TokenUnit.word, .char, .byte] {
        let limits = VocabularyLimits(size: unit == .word ? arguments.number("size", or: 10_000) : nil)
        let measured = try TokenisingMeasurement.measure(
            path: arguments["text"] ?? "", unit: unit, limits: limits, scratch: (arguments["out"] ?? "") + ".tokens", world: world
        )
        guard let measured else { continue }
        let rates = "counting \(Int(measured.countingRate)), encoding \(Int(measured.encodingRate)) MB/s a rank"
        report(world, "\(unit.rawValue): \(measured.tokenCount) tokens of \(measured.vocabularySize), \(rates)")
    }
}
