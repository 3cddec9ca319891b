/// One of the things among which a key of the configuration chooses by name: an optimizer, a schedule, a cell.
///
/// A kind is a file of its own and one line in its registry. Options, help, TOML, validation, what may change on resume and the tables
/// of the documentation come from what it declares here.
public protocol Kind: SendableMetatype {
    /// As the configuration names it: lower case, with dashes.
    static var name: String { get }
    /// What it is, in a sentence with its equation and source, for the documentation.
    static var summary: String { get }
    /// The settings that it reads.
    static var settings: [any DeclaredSetting] { get }
}

extension Kind {
    public static var settings: [any DeclaredSetting] { [] }
}

/// All kinds among which one key chooses.
public protocol KindRegistry: SendableMetatype {
    /// The key that chooses.
    static var key: ConfigurationKey { get }
    /// In the order of the documentation.
    static var kinds: [any Kind.Type] { get }
}

extension KindRegistry {
    /// The settings of all kinds, each once, in the order in which they are first named; those that all kinds read stand last.
    public static var settings: [any DeclaredSetting] {
        var keys: Set<ConfigurationKey> = []
        let all = kinds.flatMap { $0.settings }.filter { keys.insert($0.key).inserted }
        return all.filter { !isRead(byAll: $0.key) } + all.filter { isRead(byAll: $0.key) }
    }

    private static func isRead(byAll key: ConfigurationKey) -> Bool { kinds.allSatisfy { $0.reads(key) } }

    /// The names of the kinds that read a setting.
    public static func readers(of key: ConfigurationKey) -> [String] {
        kinds.filter { $0.reads(key) }.map { $0.name }
    }

    /// The kind with this name.
    public static func kind(named name: String) -> (any Kind.Type)? { kinds.first { $0.name == name } }
}

extension Kind {
    /// Whether the kind reads a setting.
    static func reads(_ key: ConfigurationKey) -> Bool { settings.contains { $0.key == key } }
}

/// The name of a registered kind: a value of the registry's key.
public struct KindName<Registry: KindRegistry>: ConfigurationChoice, Hashable {
    public let rawValue: String

    /// Nil where no kind has this name.
    public init?(rawValue: String) {
        guard Registry.kind(named: rawValue) != nil else { return nil }
        self.rawValue = rawValue
    }

    /// The name of a kind, which must be registered.
    public init(_ kind: any Kind.Type) {
        precondition(Registry.kind(named: kind.name) != nil, "\(kind.name) is not registered")
        rawValue = kind.name
    }

    public static var allCases: [KindName] { Registry.kinds.map(KindName.init) }
}
