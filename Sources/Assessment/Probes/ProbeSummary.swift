import TextData

/// The counts of the answers to some items.
public struct ProbeCounts: Sendable, Equatable {
    /// Right answers.
    public private(set) var right = 0
    /// Wrong answers.
    public private(set) var wrong = 0
    /// Items with equal surprisals.
    public private(set) var ties = 0
    /// Items that depend on words outside the vocabulary or without a token of their own. They are not in `items`.
    public private(set) var unknown = 0
    /// Those of `items` that have tokens outside the vocabulary, which the model reads as `<unk>`.
    public private(set) var withUnknownContext = 0

    package init() {}

    /// The number of items with known words.
    public var items: Int { right + wrong + ties }
    /// The share of right answers; ties count as wrong. Nil without items.
    public var accuracy: Double? { items > 0 ? Double(right) / Double(items) : nil }
    /// The share of ties; nil without items.
    public var tieShare: Double? { items > 0 ? Double(ties) / Double(items) : nil }
    /// The 95 % interval of the accuracy.
    public var interval: Interval? { .wilson(successes: right, of: items) }

    package mutating func add(_ answer: ProbeAnswer) {
        if answer.unknownContext != nil { withUnknownContext += 1 }
        switch answer.decision {
        case .right: right += 1
        case .wrong: wrong += 1
        case .tie: ties += 1
        case .unknown: unknown += 1
        }
    }
}

/// The counts of answers by group, by distance and by number of attractors.
public struct ProbeSummary: Sendable {
    /// What the items of a row have in common.
    public struct Key: Hashable, Sendable {
        /// Nil: all groups.
        public var group: String?
        public let method: ProbeMethod
        public var distance: Int?
        public var attractors: Int?
    }

    /// The rows of the groups, in the order of the file.
    public private(set) var groups: [(key: Key, counts: ProbeCounts)] = []
    /// The rows of the groups by name and method.
    private var index: [ExactText: [ProbeMethod: Int]] = [:]
    private var totals: [(key: Key, counts: ProbeCounts)] = []
    private var others: [Key: ProbeCounts] = [:]

    public init() {}

    /// Adds an answer.
    public mutating func add(_ answer: ProbeAnswer) {
        let item = answer.item
        let key = Key(group: item.group, method: item.method)
        let row = index[ExactText(item.group)]?[item.method] ?? groups.count
        if row == groups.count {
            index[ExactText(item.group), default: [:]][item.method] = row
            groups.append((key, ProbeCounts()))
        }
        groups[row].counts.add(answer)
        let all = Key(method: item.method)
        let place = totals.firstIndex { $0.key == all } ?? totals.count
        if place == totals.count { totals.append((all, ProbeCounts())) }
        totals[place].counts.add(answer)
        if let distance = item.distance { others[Key(method: item.method, distance: distance), default: .init()].add(answer) }
        if let attractors = item.attractors {
            others[Key(method: item.method, attractors: attractors), default: .init()].add(answer)
        }
    }

    /// All rows: the groups; all groups of a method, if it has several; and by ascending distance and number of attractors.
    public var rows: [(key: Key, counts: ProbeCounts)] {
        let several = totals.filter { total in groups.filter { $0.key.method == total.key.method }.count > 1 }
        let parts = others.map { (key: $0.key, counts: $0.value) }.sorted { Self.order($0.key) < Self.order($1.key) }
        return groups + several + parts
    }

    private static func order(_ key: Key) -> (Int, String, Int) {
        (key.distance == nil ? 1 : 0, key.method.rawValue, key.distance ?? key.attractors ?? 0)
    }
}
