import Configuration
import Kinds
import Testing

@Suite("Advice of messages about configurations")
struct AdviceTests {
    typealias Values = [ConfigurationKey: String]

    /// One way out of a conflict that a message names. The value nil means that the option is to be omitted.
    typealias Alternative = [(key: ConfigurationKey, value: String?)]

    @Test("Advice for two options in conflict differs from what was given, and helps", arguments: Self.choosers)
    func advice(chooser: ConfigurationKey) throws {
        var conflicts = 0
        for first in Self.samples(of: chooser) {
            for other in Self.others(of: chooser) {
                for second in Self.samples(of: other) {
                    let given = [chooser: first, other: second]
                    guard let message = Self.conflict(given) else { continue }
                    conflicts += 1
                    expectHelp(message, given)
                }
            }
        }
        let hasReaders = Self.others(of: chooser).contains { $0.readers?.chooser == chooser }
        #expect(conflicts > 0 || !hasReaders, "\(chooser.rawValue)")
    }

    /// Expects that the configuration changes with each alternative, and that the conflict is then gone.
    private func expectHelp(_ message: String, _ given: Values) {
        let alternatives = Self.alternatives(in: message)
        #expect(!alternatives.isEmpty, "\(message)")
        for alternative in alternatives {
            var changed = given
            for (key, value) in alternative { changed[key] = value }
            #expect(changed != given, "the advice is what was given: \(given), \(message)")
            #expect(Self.conflict(changed) != message, "the advice does not help: \(changed), \(message)")
        }
    }

    /// Keys that choose a kind, and flags, in conflict with which other options come.
    private static let choosers = ConfigurationKey.allCases.filter { !$0.choices.isEmpty || $0.isFlag }

    /// The other keys of a pair, each pair once.
    private static func others(of chooser: ConfigurationKey) -> [ConfigurationKey] {
        let earlier = Set(choosers.prefix { $0 != chooser } + [chooser]).union(paths)
        return ConfigurationKey.allCases.filter { !earlier.contains($0) }
    }

    private static let paths: Set<ConfigurationKey> = [.text, .train, .valid, .test, .run, .wordVectors, .sentencePieceModel]

    private static func samples(of key: ConfigurationKey) -> [String] {
        key.isFlag ? ["true", "false"] : key.choices + key.ends
    }

    /// The message of a conflict between options of a run on a text; nil if there is none.
    private static func conflict(_ given: Values) -> String? {
        var configuration = TrainingConfiguration()
        do {
            for (key, value) in given.merging([.text: "text.txt", .run: "runs/x"], uniquingKeysWith: { own, _ in own }) {
                try configuration.set(key, argument: value)
            }
            try configuration.requireEffect(of: Array(given.keys), isResumed: false)
            try configuration.validate()
        } catch .conflict(_, let message) {
            return message
        } catch {
            return nil
        }
        return nil
    }

    /// The alternatives of the sentences that advise: `Use --cell gru, or omit --gru-reset.`
    ///
    /// Those in words, such as "a larger --batch-size", are left out.
    private static func alternatives(in message: String) -> [Alternative] {
        if message.hasSuffix(" Use one of them.") { return message.matches(of: option).map { [(named($0.output), nil)] } }
        let sentences = message.split(separator: ". ").map { $0.hasSuffix(".") ? $0.dropLast() : $0 }
        return sentences.filter { $0.contains(/\b(?:[Uu]se|[Oo]mit) --/) }.flatMap { sentence in
            sentence.split(separator: ", or ").compactMap { alternative($0) }
        }
    }

    private static func alternative(_ text: Substring) -> Alternative? {
        let isOmission = text.lowercased().hasPrefix("omit ")
        let settings = text.matches(of: option).map { match -> (key: ConfigurationKey, value: String?) in
            let key = named(match.output)
            if isOmission { return (key, nil) }
            if key.isFlag { return (key, match.output.1 == nil ? "true" : "false") }
            return (key, match.output.3.map { $0 == "above" ? "0.5" : String($0) } ?? "")
        }
        return settings.isEmpty || settings.contains { $0.value == "" } ? nil : settings
    }

    private typealias Option = (Substring, Substring?, Substring, Substring?)

    /// `--cell gru`, `--no-tie-weights`.
    private static var option: Regex<Option> { /--(no-)?([a-z0-9-]+)(?: ([^ ,]*[^ ,.]))?/ }

    private static func named(_ option: Option) -> ConfigurationKey { ConfigurationKey(String(option.2)) }
}
