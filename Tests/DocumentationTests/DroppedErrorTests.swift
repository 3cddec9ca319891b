import Foundation
import Testing

/// `try?` drops an error. Each one of the sources is listed here with the reason why the dropped error changes no result.
@Suite("Dropped errors")
struct DroppedErrorTests {
    /// Uses of `try?` in one file that have the same reason.
    private struct Allowed {
        let path: String
        let reason: String
        let lines: [String]
    }

    /// Sources that only tests use.
    private static let helpers = ["Sources/TestSupport/", "Sources/RankChecks/", "Sources/ReaderFuzz/", "Sources/Soak/"]

    @Test("Every try? of the sources is in the list, and the list has no other lines")
    func listed() throws {
        let sources = try SwiftSource.all(below: "Sources").filter { source in
            !Self.helpers.contains { source.path.hasPrefix($0) }
        }
        let found = sources.flatMap { source in source.lines(containing: #/\btry\?/#).map { "\(source.path): \($0)" } }
        let allowed = Self.allowed.flatMap { use in use.lines.map { "\(use.path): \($0)" } }
        try #require(found.count > 20)
        for line in Self.difference(found, allowed) {
            Issue.record("\(line)\nThrow the error, or add this line with the reason why the dropped error changes no result.")
        }
        for line in Self.difference(allowed, found) { Issue.record("no longer in the sources: \(line)") }
        #expect(Self.allowed.allSatisfy { $0.reason.hasSuffix(".") })
    }

    /// The elements of `lines` without those of `others`, each as often as it occurs more often.
    private static func difference(_ lines: [String], _ others: [String]) -> [String] {
        var rest = Dictionary(others.map { ($0, 1) }, uniquingKeysWith: +)
        return lines.filter { line in
            rest[line, default: 0] -= 1
            return rest[line, default: 0] < 0
        }
    }

    private static let allowed = [
        Allowed(
            path: "Sources/Benchmarks/SystemMemory.swift",
            reason: "The figure is omitted if the system does not tell it.",
            lines: [
                #"(try? String(contentsOfFile: "/proc/self/smaps_rollup", encoding: .utf8)).flatMap(Rollup.init(text:))"#
            ]),
        Allowed(
            path: "Sources/Checkpoints/CheckpointFolder+Persistence.swift",
            reason: "A checkpoint that cannot be read is not good; an older one is kept.",
            lines: [
                #"(try? generations(of: own))?.first { (try? verified($0, of: own)) != nil }"#
            ]),
        Allowed(
            path: "Sources/Checkpoints/CheckpointFolder+Persistence.swift",
            reason: "Makes room on a full disk; if that fails, the error of the full disk is reported.",
            lines: [
                #"for generation in (try? generations(of: own)) ?? [] where generation != good {"#,
                #"try? remove(generation)"#,
            ]),
        Allowed(
            path: "Sources/Checkpoints/CheckpointFolder.swift",
            reason: "A checkpoint that cannot be read is not valid, and then none that is valid is removed.",
            lines: [
                #"let newestValid = generations.first { (try? verified($0, of: own)) != nil }"#,
                #"guard generations.contains(where: { $0.step < step && (try? verified($0, of: own)) != nil }) else { return }"#,
            ]),
        Allowed(
            path: "Sources/Checkpoints/CheckpointFolder.swift",
            reason: "A checkpoint of another program has no state; the step is then that of its name.",
            lines: [
                #"return metadata["state"].flatMap { try? JSONDecoder().decode(State.self, from: Data($0.utf8)) }?.step"#
            ]),
        Allowed(
            path: "Sources/Checkpoints/NewRunFolder.swift",
            reason: "Cleans up after an error, which is reported; the next start removes what remains.",
            lines: [
                #"let isCleared = (try? RunFile.removeAll(in: folder, keeping: foundNames)) != nil"#,
                #"for name in [RunFile.data, RunFile.checkpoints] where !foundNames.contains(name) { try? folder.removeFolder(name) }"#,
            ]),
        Allowed(
            path: "Sources/Checkpoints/RunLock+Holder.swift",
            reason: "What the system does not tell of a process is unknown.",
            lines: [
                #"(try? Data(contentsOf: URL(filePath: path))).map { String(decoding: $0, as: UTF8.self) }"#
            ]),
        Allowed(
            path: "Sources/Checkpoints/RunLock.swift",
            reason: "A lock that cannot be examined is treated as lost, which ends the job.",
            lines: [
                #"guard let open = try? FileStatus(ofOpenFile: descriptor, place.path) else { return false }"#,
                #"return (try? place.folder.status(of: place.name))?.identity == open.identity"#,
            ]),
        Allowed(
            path: "Sources/Communication/World+Agreement.swift",
            reason: "The job ends with an error that is printed already.",
            lines: [
                #"try? finish()  // the message is printed already: a second failure would hide it"#
            ]),
        Allowed(
            path: "Sources/Files/Descriptor.swift",
            reason: "Everything that a file must hold is synchronised before it is closed.",
            lines: [
                #"if number >= 0 { try? calls.close(number) }"#
            ]),
        Allowed(
            path: "Sources/Files/DurableFile.swift",
            reason: "Removes a temporary file after an error, which is reported.",
            lines: [
                #"if !isRenamed { try? uninterrupted { () throws(CallFailure) in try folder.calls.remove(folder.number, temporary, 0) } }"#
            ]),
        Allowed(
            path: "Sources/Files/HeldFolder.swift",
            reason: "The place of a moved folder, for a message; omitted if it is unknown.",
            lines: [
                #"return (try? status(at: AT_FDCWD, now, 0, now))?.identity == identity ? now : nil"#
            ]),
        Allowed(
            path: "Sources/Files/MappedFile.swift",
            reason: "Chooses between two errors; both are thrown.",
            lines: [
                #"if let now = try? mapping.file.version(), now.byteCount < bytes.count {"#
            ]),
        Allowed(
            path: "Sources/Kinds/ConfigurationValue.swift",
            reason: "One of several types is tried after another; the last one throws.",
            lines: [
                #"if let flag = try? container.decode(Bool.self) {"#,
                #"} else if let integer = try? container.decode(Int.self) {"#,
                #"} else if let number = try? container.decode(Double.self) {"#,
                #"} else if let integers = try? container.decode([Int].self) {"#,
            ]),
        Allowed(
            path: "Sources/NGrams/ARPAReader.swift",
            reason: "A file that cannot be read is then read as a checkpoint, which throws.",
            lines: [
                #"guard let file = try? ReadableFile(path: path), let bytes = try? file.bytes(0..<min(file.byteCount, 4096)) else {"#
            ]),
        Allowed(
            path: "Sources/Reports/Page/ExistingPage.swift",
            reason: "A file that cannot be read is not replaced.",
            lines: [
                #"guard let file = try? ReadableFile(path: path), let bytes = try? file.bytes(0..<min(file.byteCount, start.utf8.count))"#
            ]),
        Allowed(
            path: "Sources/Runs/CheckpointFacts.swift",
            reason: "Another error is thrown.",
            lines: [
                #"guard let value = try? JSONDecoder().decode(T.self, from: Data(text.utf8)) else {"#
            ]),
        Allowed(
            path: "Sources/Runs/LoggedEvent.swift",
            reason: "The number of the line is returned.",
            lines: [
                #"if let event = try? JSONDecoder().decode(LoggedEvent.self, from: Data(bytes)) {"#
            ]),
        Allowed(
            path: "Sources/Runs/LoggedEvent.swift",
            reason: "One of several types is tried after another.",
            lines: [
                #"if let flag = try? container.decode(Bool.self) {"#,
                #"} else if let number = try? container.decode(Double.self) {"#,
                #"} else if let text = try? container.decode(String.self) {"#,
            ]),
        Allowed(
            path: "Sources/Runs/MetricsReader.swift",
            reason: "Another error is thrown, or the checksum of the line reports the damage.",
            lines: [
                #"try? JSONDecoder().decode(LoggedModels.Line.self, from: Data(bytes))"#
            ]),
        Allowed(
            path: "Sources/TextData/EmbeddedReberGrammar.swift",
            reason: "The error is that the text is not accepted, which is the result.",
            lines: [
                #"(try? score(text))?.endsWithString ?? false"#
            ]),
        Allowed(
            path: "Sources/TextData/TokenFile.swift",
            reason: "A token file that cannot be read is written again.",
            lines: [
                #"guard let file = try? TokenFile(path: path), file.isCurrent(textDigest: textDigest, vocabulary: vocabulary) else {"#,
                #"return (try? file.verify()) != nil"#,
            ]),
        Allowed(
            path: "Sources/TextData/Vocabulary+Codable.swift",
            reason: "Another error is thrown.",
            lines: [
                #"guard let model = try? SentencePieceModel(Array(bytes), source: "the SentencePiece model of the vocabulary") else {"#
            ]),
        Allowed(
            path: "Sources/TextData/Vocabulary+Codable.swift",
            reason: "The program ends.",
            lines: [
                #"guard let data = try? encoder.encode(self) else { preconditionFailure("the vocabulary cannot be written as JSON") }"#
            ]),
        Allowed(
            path: "Sources/Training/Reporting/MetricsLog.swift",
            reason: "JSON can represent every text without failure.",
            lines: [
                #"guard let data = try? encoder.encode(text) else { return "\"\"" }"#
            ]),
        Allowed(
            path: "Sources/Training/Run/DistributedTokenizer.swift",
            reason: "A rank that cannot open the text reads no blocks of it; rank 0 reports an error if it is the one.",
            lines: [
                #"try? OpenedText(path: path, part: command.part, unit: command.unit, blockByteCount: blockByteCount)"#
            ]),
        Allowed(
            path: "Sources/Training/Run/RunPreparation.swift",
            reason: "A file that cannot be read is written again.",
            lines: [
                #"let isLost = plan.isResumed && (!pathExists(path) || (try? Vocabulary(path: path))?.digest != vocabulary.digest)"#,
                #"if (try? ReadableFile.contents(of: place.path, limit: RunFile.mostModelBytes)) == model { return }"#,
            ]),
        Allowed(
            path: "Sources/Training/Run/TextStamps.swift",
            reason: "Without a stamp, a text is read again.",
            lines: [
                #"guard let bytes = try? ReadableFile.contents(of: path, limit: Self.mostBytes) else { return }"#,
                #"try? JSONDecoder().decode(TextStamps.self, from: Data(bytes))"#,
            ]),
        Allowed(
            path: "Sources/rnntrain/CommandOptions.swift",
            reason: "The parser's own list; tests of mistyped options fail without it.",
            lines: [
                #"let dump = try? JSONDecoder().decode(Dump.self, from: Data(command._dumpHelp().utf8))"#
            ]),
    ]
}
