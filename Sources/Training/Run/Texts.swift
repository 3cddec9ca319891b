import Communication
import Configuration
import Digests
import Failures
import Files
import Runs
import TextData

/// The validated texts of a run. Only on rank 0, which coordinates the ranks that read them.
struct Texts {
    private struct Entry {
        let text: TokenizerText
        let digest: UInt64
        /// Whether the digest was computed from the current bytes, and not taken from a stamp.
        var isRead: Bool
    }

    private let tokenizer: DistributedTokenizer
    /// Whether the lines are texts of their own.
    private let separatesLines: Bool
    /// Whether the texts are parts of one file.
    private let isSplit: Bool
    /// The notice about the split of the text; nil if each text has its own file.
    private(set) var splitNotice: String?
    private var entries: [TextRole: Entry] = [:]
    /// The stamps of the texts, for the run folder.
    private(set) var stamps: TextStamps
    /// The path and the digest of the vectors with which the embedding starts; nil without a file.
    var wordVectors: (path: String, digest: String)?
    /// Notices about the texts and the token files, one line each.
    private(set) var notices: [String] = []

    /// The number of symbols of the built-in source for each role.
    private static let builtInSizes: [TextRole: Int] = [.train: 120_000, .valid: 60_000, .test: 60_000]

    /// Opens every text of the configuration, or generates those of the built-in source, and reads the texts without known
    /// stamps.
    ///
    /// - Parameter counting: the counts to which the symbols of the training text are added. The training text is then always read.
    init(
        _ configuration: TrainingConfiguration, tokenizer: DistributedTokenizer, stamps: TextStamps = TextStamps(),
        counting: ((TokenizerText) throws -> SymbolCounts)? = nil
    ) throws {
        (self.tokenizer, self.stamps) = (tokenizer, stamps)
        separatesLines = configuration.separatesLines
        isSplit = configuration.text != nil
        // All texts are opened before the first one is read, which may take hours: a path that another file gets meanwhile changes nothing.
        for (role, text) in try openAll(configuration) {
            let counts = role == .train ? try counting?(text) : nil
            let known = counts == nil ? Watchdog.waitingForDisk { stamps.digest(of: role, text.text) } : nil
            if let known { text.text.relyOnStamp(known) }
            let digest = try known ?? tokenizer.scan(text, counting: counts)
            entries[role] = Entry(text: text, digest: digest, isRead: known == nil)
            if known == nil {
                if counts == nil, stamps.hasStamp(of: role) {
                    notices.append("\(text.text.name) was read again: its time or place has changed since the last job")
                }
                self.stamps.note(role, text.text, digest: digest)
            }
            if let nul = text.text.nulCharacters { notices.append(nul.notice(source: text.text.name)) }
        }
    }

    private mutating func openAll(_ configuration: TrainingConfiguration) throws -> [(TextRole, TokenizerText)] {
        let split = try configuration.text.map { try splitText($0, unit: configuration.tokens) }
        var opened: [(TextRole, TokenizerText)] = []
        for role in TextRole.allCases {
            guard let text = try Self.open(role, configuration, split: split?.cut, tokenizer) else { continue }
            if let split, let path = text.text.path, text.text.stamp != split.stamp {
                throw TextDataError.fileChanged(path: path)
            }
            opened.append((role, text))
        }
        return opened
    }

    /// Splits the text, and records the notice. Returns the split with the stamp of the file that was split.
    private mutating func splitText(_ path: String, unit: TokenUnit) throws -> (cut: TextSplit, stamp: FileStamp?) {
        let text = try Watchdog.waitingForDisk { try OpenedText(path: path, unit: unit) }
        let split = try stamps.split(of: text) ?? Watchdog.waitingForDisk { () throws(TextDataError) in try TextSplit(text) }
        stamps.note(split, of: text)
        let parts = TextRole.allCases.enumerated().map { "\($1.rawValue) \(split.lineText($0))" }
        splitNotice = "text split: \(Quotation.of(path)): " + parts.joined(separator: ", ")
        return (split, text.stamp)
    }

    private static func open(
        _ role: TextRole, _ configuration: TrainingConfiguration, split: TextSplit?, _ tokenizer: DistributedTokenizer
    ) throws -> TokenizerText? {
        if let split, let path = configuration.text {
            let (index, unit) = (TextRole.allCases.firstIndex(of: role) ?? 0, configuration.tokens)
            return try tokenizer.open(
                path: path, part: split.bytes[index], name: "\(path), \(split.lineText(index))", unit: unit)
        }
        if configuration.usesBuiltInSource { return tokenizer.local(builtIn(role, seed: UInt64(configuration.seed))) }
        return try configuration.path(of: role).map { try tokenizer.open(path: $0, unit: configuration.tokens) }
    }

    private static func builtIn(_ role: TextRole, seed: UInt64) -> OpenedText {
        let index = UInt64(TextRole.allCases.firstIndex(of: role) ?? 0)
        let text = EmbeddedReberGrammar.generate(symbolCount: builtInSizes[role] ?? 0, seed: seed &* 3 &+ index)
        return OpenedText(name: "the embedded Reber grammar (\(role.rawValue))", bytes: text, unit: .char)
    }

    /// The name of the text of a role; nil if the run has none.
    func name(of role: TextRole) -> String? { entries[role]?.text.text.name }

    /// Digests in hexadecimal, by role. Those of the vectors, if the embedding starts with some, are among them.
    var digests: [String: String] {
        var digests = Dictionary(uniqueKeysWithValues: entries.map { ($0.key.rawValue, $0.value.digest.hexadecimal) })
        digests[Self.wordVectorsKey] = wordVectors?.digest
        return digests
    }

    static let wordVectorsKey = LoggedModels.wordVectorsKey

    /// The token file of a role. Writes it if it is missing, damaged, or of another text or vocabulary.
    ///
    /// Cost: always one pass over the file. If the file is written, the text is read again unless it was read before. Throws
    /// `unknownCharacter` (65), `inputOutput` (74), and `textChanged` (65) if the text no longer matches its stamp.
    mutating func prepareTokens(of role: TextRole, at place: FilePlace, vocabulary: Vocabulary) throws -> TokenFile {
        let path = place.path
        guard var entry = entries[role] else { preconditionFailure("no text for \(role)") }
        if let file = soundTokens(path, entry, vocabulary: vocabulary) { return file }
        try vocabulary.tokenizer.requireSameLibrary(for: entry.text.text.name)
        if !entry.isRead {
            guard try tokenizer.scan(entry.text) == entry.digest else {
                throw TrainingError.textChanged(path: entry.text.text.name)
            }
            entry.isRead = true
            entries[role] = entry
        }
        try tokenizer.writeTokens(
            entry.text, digest: entry.digest, vocabulary: vocabulary, separatesLines: separatesLines, to: place)
        return try TokenFile(path: path)
    }

    /// The token file at `path`, if it exists, is valid, and belongs to this text and vocabulary.
    private mutating func soundTokens(_ path: String, _ entry: Entry, vocabulary: Vocabulary) -> TokenFile? {
        do throws(TextDataError) {
            let file = try Watchdog.waitingForDisk { () throws(TextDataError) in try TokenFile(path: path) }
            guard file.isCurrent(textDigest: entry.digest, vocabulary: vocabulary) else {
                notices.append("wrote tokens again from \(entry.text.text.name): \(path) is of another text or vocabulary")
                return nil
            }
            try Watchdog.waitingForDisk { () throws(TextDataError) in try file.verify() }
            return file
        } catch .file(.missing) {
            // The notice is for a text that an earlier job has read.
            if !entry.isRead { notices.append("wrote tokens again from \(entry.text.text.name): \(path) is missing") }
            return nil
        } catch .badTokenFile(let path, let defect) {
            notices.append("wrote tokens again from \(entry.text.text.name): \(path) is no valid token file: \(defect)")
            return nil
        } catch {
            notices.append("wrote tokens again from \(entry.text.text.name): \(error)")
            return nil
        }
    }

    /// The configuration of a new run with the settings whose defaults come from the training text. Throws and warns as `checkForm`.
    func resolved(_ configuration: TrainingConfiguration) throws(TextDataError) -> TrainingConfiguration {
        var configuration = configuration
        if let text = entries[.train]?.text.text {
            try Watchdog.waitingForDisk { () throws(TextDataError) in
                try configuration.taskType.resolve(&configuration.settings, trainingText: text)
            }
        }
        try checkForm(configuration)
        return configuration
    }

    /// Throws if a text does not have the form that the task needs. Warns of a text that cannot show what the task measures.
    ///
    /// - Parameter known: the digests of texts that an earlier job has checked, by role. They equal those of this run.
    func checkForm(_ configuration: TrainingConfiguration, except known: [String: String] = [:]) throws(TextDataError) {
        for role in TextRole.allCases where known[role.rawValue] == nil {
            guard let text = entries[role]?.text.text else { continue }
            let warning = try Watchdog.waitingForDisk { () throws(TextDataError) in
                try configuration.taskType.check(text, configuration.settings)
            }
            warning.map(StandardError.warn)
        }
    }

    /// The tokens of a role's text, encoded without a file, and the first `sampleCount` of them. Nil if the run has no such text.
    ///
    /// Only rank 0 reads. Cost: one pass over the text.
    func encoded(_ role: TextRole, vocabulary: Vocabulary, sampleCount: Int) throws(TextDataError) -> EncodedText? {
        guard let entry = entries[role] else { return nil }
        return try Watchdog.waitingForDisk { () throws(TextDataError) in
            try EncodedText(
                TextSource(entry.text.text, digest: entry.digest), vocabulary, separatesLines: separatesLines,
                sampleCount: sampleCount)
        }
    }

    /// The words and bytes of the test text; nil if the run has none.
    func testExtent() throws(TextDataError) -> TextExtent? {
        try Watchdog.waitingForDisk { () throws(TextDataError) in try entries[.test]?.text.text.extent() }
    }

    /// The size of a role's text in bytes; 0 if the run has none.
    func byteCount(of role: TextRole) -> Int { entries[role]?.text.text.byteCount ?? 0 }

    /// Throws `otherText` unless the digests equal those at the start of the run.
    func check(against stored: [String: String]) throws(TrainingError) {
        for role in TextRole.allCases {
            guard let expected = stored[role.rawValue], let entry = entries[role] else { continue }
            let found = entry.digest.hexadecimal
            if found != expected {
                throw .otherText(
                    option: isSplit ? "--text" : role.option, path: entry.text.text.name, found: found, expected: expected)
            }
        }
        if let expected = stored[Self.wordVectorsKey], let wordVectors, wordVectors.digest != expected {
            throw .otherText(option: "--word-vectors", path: wordVectors.path, found: wordVectors.digest, expected: expected)
        }
    }
}

extension TrainingConfiguration {
    /// Whether a run has a test text.
    var hasTest: Bool { usesBuiltInSource || text != nil || test != nil }

    /// The path of the text of a role, or of the text that is split.
    func path(of role: TextRole) -> String? {
        if let text { return text }
        return switch role {
        case .train: train
        case .valid: valid
        case .test: test
        }
    }
}
