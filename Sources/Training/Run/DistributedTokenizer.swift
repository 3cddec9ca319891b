package import Communication
package import Files
package import TextData

/// Tokenizes the texts of a run on all ranks: rank 0 is the coordinator, the other ranks are workers.
///
/// The blocks of a text are divided among its readers: the ranks that see the same file as rank 0 (same device, inode, size and
/// times). The readers' results are gathered on rank 0 in rank order, so they do not depend on the number of ranks. A rank on a host without the text reads
/// nothing. If a reader finds an error in the text, rank 0 reads the same blocks again and throws the error; the workers throw nothing.
package final class DistributedTokenizer {
    let world: World
    private let blockByteCount: Int
    /// The request to stop, called between blocks and every few thousand tokens of a long line.
    let interruption: () -> StepFlags
    private var opensNothing = false
    /// The opened texts, by number.
    private(set) var texts: [SharedText] = []
    /// The counts to which rank 0 adds the symbols of a text.
    var counts: SymbolCounts?
    /// The tokenizer for counting and encoding.
    private(set) var tokenizer: Tokenizer?
    /// The vocabulary for encoding.
    var vocabulary: Vocabulary?

    /// Blocks that each reader encodes before the tokens are gathered on rank 0: bounds the memory for tokens.
    private static let blocksPerRound = 4

    package init(
        world: World, blockByteCount: Int = OpenedText.blockByteCount, interruption: @escaping () -> StepFlags = { [] }
    ) {
        (self.world, self.blockByteCount, self.interruption) = (world, blockByteCount, interruption)
    }

    /// After this call, this rank opens no text, like a rank on a host without the file. For tests.
    package func openNothing() { opensNothing = true }

    // MARK: Called by rank 0

    /// Opens the text at `path`, or a named part of it, on every rank that sees it. Throws the errors that rank 0 finds.
    package func open(path: String, part: Range<Int>? = nil, name: String? = nil, unit: TokenUnit) throws -> TokenizerText {
        let text = try Watchdog.waitingForDisk {
            try OpenedText(path: path, part: part, name: name, unit: unit, blockByteCount: blockByteCount)
        }
        let command = TokenizerCommand(.open, unit: unit, lower: part?.lowerBound ?? 0, upper: part?.upperBound ?? -1)
        _ = try world.broadcast(command)
        _ = try world.broadcast(path)
        try register(text)
        return TokenizerText(text: text, number: texts.count - 1)
    }

    /// A text in the memory of rank 0, which reads it alone.
    package func local(_ text: OpenedText) -> TokenizerText { TokenizerText(text: text, number: nil) }

    /// Validates a whole text, adds its symbols to `counts`, and returns its digest. Throws `invalidUTF8` (65).
    package func scan(_ text: TokenizerText, counting counts: SymbolCounts? = nil) throws -> UInt64 {
        guard let number = text.number else { return try TextSource(examining: text.text, counting: counts).digest }
        self.counts = counts
        if let counts { try broadcast(counts.tokenizer) }
        let action: TokenizerCommand.Action = counts == nil ? .scan : .scanAndCount
        let digests = try scan(world.broadcast(TokenizerCommand(action, text: number, 0..<text.text.blockCount)))
        return TextSource.digest(ofBlocks: digests)
    }

    /// Writes the token file of a scanned text to `path`. Throws the errors of the other `writeTokens`.
    package func writeTokens(_ text: TokenizerText, digest: UInt64, vocabulary: Vocabulary, to path: String) throws {
        try writeTokens(text, digest: digest, vocabulary: vocabulary, separatesLines: false, to: FilePlace(path: path))
    }

    /// Writes the token file of a scanned text. If its lines are texts of their own, the last one also gets a line end. Throws `unknownCharacter`
    /// (65), `inputOutput` (74).
    package func writeTokens(
        _ text: TokenizerText, digest: UInt64, vocabulary: Vocabulary, separatesLines: Bool, to place: FilePlace
    ) throws {
        var writer: TokenFileWriter?
        try Watchdog.waitingForDisk {
            writer = try TokenFileWriter(
                at: place, vocabularySize: vocabulary.size, textDigest: digest, vocabularyDigest: vocabulary.digest)
        }
        try writeTokens(text, digest: digest, vocabulary: vocabulary, with: &writer!)
        if separatesLines, let lineEnd = try vocabulary.missingLineEnd(of: text.text) {
            try withUnsafePointer(to: lineEnd) { try writer!.append(UnsafeBufferPointer(start: $0, count: 1)) }
        }
        try Watchdog.waitingForDisk { try writer.take()?.finish() }
    }

    private func writeTokens(
        _ text: TokenizerText, digest: UInt64, vocabulary: Vocabulary, with writer: inout TokenFileWriter
    ) throws {
        if let number = text.number {
            try broadcast(vocabulary)
            try encode(number, blockCount: text.text.blockCount, to: &writer)
        } else {
            try vocabulary.encode(TextSource(text.text, digest: digest)) { (tokens) throws(TextDataError) in
                try writer.append(tokens)
            }
        }
    }

    private func encode(_ number: Int, blockCount: Int, to writer: inout TokenFileWriter) throws {
        let round = Self.blocksPerRound * texts[number].readers.count
        for start in stride(from: 0, to: blockCount, by: round) {
            let blocks = start..<min(start + round, blockCount)
            let packed = try encode(world.broadcast(TokenizerCommand(.encode, text: number, blocks)))
            try Watchdog.waitingForDisk { try packed.withUnsafeBytes { try writer.append(packed: $0) } }
        }
    }

    /// The number of ranks that read a text.
    package func readerCount(of text: TokenizerText) -> Int { text.number.map { texts[$0].readers.count } ?? 1 }

    /// Ends `work` on the other ranks.
    package func finish() throws { _ = try world.broadcast(TokenizerCommand(.finish)) }

    // MARK: Called by the workers

    /// Executes the commands of rank 0 until `finish`.
    package func work() throws {
        while true {
            let command = try world.broadcast(TokenizerCommand(.finish))
            switch command.action {
            case .finish: return
            case .open: try open(command)
            case .scan, .scanAndCount: try scan(command)
            case .receiveTokenizer: try receiveTokenizer(command, [])
            case .receiveVocabulary: try receiveVocabulary(command, [])
            case .encode: try encode(command)
            }
        }
    }

    private func open(_ command: TokenizerCommand) throws {
        let path = try world.broadcast("")
        // A rank that cannot open the file is not a reader; `register` finds that out.
        let text =
            opensNothing
            ? nil
            : Watchdog.waitingForDisk {
                try? OpenedText(path: path, part: command.part, unit: command.unit, blockByteCount: blockByteCount)
            }
        try register(text)
    }

    // MARK: Called by all ranks

    /// Adds a text, and determines its readers. Collective.
    private func register(_ text: OpenedText?) throws {
        let none = SIMD4<Int64>()
        let stamps = try world.allgather(text?.stamp?.words ?? none)
        let readers = stamps.indices.filter { $0 == 0 || (stamps[$0] == stamps[0] && stamps[$0] != none) }
        texts.append(SharedText(text: readers.contains(world.rank) ? text : nil, readers: readers))
    }

    /// Sends the tokenizer to all ranks, unless they have it.
    private func broadcast(_ tokenizer: Tokenizer) throws {
        if tokenizer == self.tokenizer { return }
        self.tokenizer = tokenizer
        let command = try world.broadcast(TokenizerCommand(.receiveTokenizer, unit: tokenizer.unit))
        try receiveTokenizer(command, tokenizer.definition)
    }

    private func receiveTokenizer(_ command: TokenizerCommand, _ definition: [UInt8]) throws {
        let shared = try world.broadcast(definition)
        let library = try world.broadcast(Tokenizer.libraryVersion(for: command.unit))
        _ = try succeeds {
            try Tokenizer.checkLibrary(for: command.unit, expecting: library)
            if !world.isRoot { tokenizer = try Tokenizer(command.unit, definition: shared, source: "the tokenizer of rank 0") }
        }
    }

    /// Sends the vocabulary to all ranks, unless they have it.
    private func broadcast(_ vocabulary: Vocabulary) throws {
        if vocabulary == self.vocabulary { return }
        try broadcast(vocabulary.tokenizer)
        self.vocabulary = vocabulary
        let command = try world.broadcast(TokenizerCommand(.receiveVocabulary, unit: vocabulary.unit))
        try receiveVocabulary(command, vocabulary.records())
    }

    private func receiveVocabulary(_ command: TokenizerCommand, _ records: [UInt8]) throws {
        let shared = try world.broadcast(records)
        if !world.isRoot { vocabulary = tokenizer.map { Vocabulary(tokenizer: $0, records: shared) } }
    }
}

extension World {
    /// Like `agreeOnRoot`, for work in which rank 0 uses a tokenizer. Meanwhile the other ranks are its workers.
    package func agreeOnRoot<T>(with tokenizer: DistributedTokenizer, _ work: () throws -> T) throws -> T? {
        try agree {
            guard isRoot else {
                try tokenizer.work()
                return nil
            }
            let result = Result { try work() }
            try tokenizer.finish()
            return try result.get()
        }
    }
}
