/// One of the alternatives of a configuration key: an optimizer, a schedule, a cell.
///
/// A kind is a file and one line in its registry. Its declarations are the source of options, help, TOML, validation, the rules
/// on resume, and the tables of the documentation.
public protocol Kind: SendableMetatype {
    /// The name in the configuration: lower case, with dashes.
    static var name: String { get }
    /// A one-sentence description with equation and source, for the documentation.
    static var summary: String { get }
    /// The settings that the kind uses.
    static var settings: [any DeclaredSetting] { get }
}

extension Kind {
    public static var settings: [any DeclaredSetting] { [] }
}

/// All kinds of one configuration key.
public protocol KindRegistry: SendableMetatype {
    /// The configuration key.
    static var key: ConfigurationKey { get }
    /// The kinds, in the order of the documentation.
    static var kinds: [any Kind.Type] { get }
}

extension KindRegistry {
    /// The settings of all kinds, each once, in order of first use. Settings that all kinds use come last.
    public static var settings: [any DeclaredSetting] {
        var keys: Set<ConfigurationKey> = []
        let all = kinds.flatMap { $0.settings }.filter { keys.insert($0.key).inserted }
        return all.filter { !isRead(byAll: $0.key) } + all.filter { isRead(byAll: $0.key) }
    }

    private static func isRead(byAll key: ConfigurationKey) -> Bool { kinds.allSatisfy { $0.reads(key) } }

    /// The names of the kinds that use a setting.
    public static func readers(of key: ConfigurationKey) -> [String] {
        kinds.filter { $0.reads(key) }.map { $0.name }
    }

    /// The kind named `name`.
    public static func kind(named name: String) -> (any Kind.Type)? { kinds.first { $0.name == name } }
}

extension Kind {
    /// Whether the kind uses a setting.
    static func reads(_ key: ConfigurationKey) -> Bool { settings.contains { $0.key == key } }
}

/// The name of a registered kind: a value of the registry's key.
public struct KindName<Registry: KindRegistry>: ConfigurationChoice, Hashable {
    public let rawValue: String

    /// Nil if no kind has this name.
    public init?(rawValue: String) {
        guard Registry.kind(named: rawValue) != nil else { return nil }
        self.rawValue = rawValue
    }

    /// The name of a registered kind.
    public init(_ kind: any Kind.Type) {
        precondition(Registry.kind(named: kind.name) != nil, "\(kind.name) is not registered")
        rawValue = kind.name
    }

    public static var allCases: [KindName] { Registry.kinds.map(KindName.init) }

    /// The element of `all`, the list of the registry, that has this name. Allocates nothing.
    public func selected<Element>(in all: [Element], name: (Element) -> String) -> Element {
        guard let element = all.first(where: { name($0) == rawValue }) else {
            preconditionFailure("\(rawValue) is a name for \(Registry.key.rawValue), but not in the list of its registry")
        }
        return element
    }
}
