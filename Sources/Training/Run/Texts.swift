import Digests
import TextData

/// The three texts of a run.
enum TextRole: String, Codable, CaseIterable {
    case train, valid, test

    /// The option that names the text.
    var option: String { "--\(rawValue)" }
}

/// The texts of a run, read through and found to be valid. On rank 0 alone.
struct Texts {
    private let sources: [TextRole: TextSource]

    /// Symbols of the built-in source for each role.
    private static let builtInSizes: [TextRole: Int] = [.train: 120_000, .valid: 60_000, .test: 60_000]

    /// Reads every text that the configuration names, or makes those of the built-in source.
    init(_ configuration: TrainingConfiguration) throws(TextDataError) {
        var sources: [TextRole: TextSource] = [:]
        for role in TextRole.allCases {
            if configuration.usesBuiltInSource {
                sources[role] = try Self.builtIn(role, seed: UInt64(configuration.seed))
            } else if let path = configuration.path(of: role) {
                sources[role] = try TextSource(path: path, unit: configuration.tokens)
            }
        }
        self.sources = sources
    }

    private static func builtIn(_ role: TextRole, seed: UInt64) throws(TextDataError) -> TextSource {
        let index = UInt64(TextRole.allCases.firstIndex(of: role) ?? 0)
        let text = EmbeddedReberGrammar.generate(symbolCount: builtInSizes[role] ?? 0, seed: seed * 3 + index)
        return try TextSource(name: "the embedded Reber source (\(role.rawValue))", bytes: text, unit: .char)
    }

    /// The text of a role; nil where the run has none.
    subscript(role: TextRole) -> TextSource? { sources[role] }

    /// The training text, which every run has.
    var train: TextSource {
        guard let source = sources[.train] else { preconditionFailure("a run has a training text") }
        return source
    }

    /// Digests in hexadecimal, by role.
    var digests: [String: String] {
        Dictionary(uniqueKeysWithValues: sources.map { ($0.key.rawValue, $0.value.digest.hexadecimal) })
    }

    /// Throws `otherText` unless the digests are those that a run was started with.
    func check(against stored: [String: String]) throws(TrainingError) {
        for role in TextRole.allCases {
            guard let expected = stored[role.rawValue], let source = sources[role] else { continue }
            let found = source.digest.hexadecimal
            if found != expected {
                throw .otherText(option: role.option, path: source.name, found: found, expected: expected)
            }
        }
    }
}

extension TrainingConfiguration {
    func path(of role: TextRole) -> String? {
        switch role {
        case .train: train
        case .valid: valid
        case .test: test
        }
    }
}
