/// A state in the graph of the embedded Reber grammar.
struct ReberState {
    /// The nodes: the five of the outer frame and the seven of the inner grammar, with the names of Reber's graph.
    private enum Node {
        case outerBegin, outerFirst, innerBegin, a, b, c, d, e, innerEnd, outerLast, outerEnd
    }

    /// The one or two possible next symbols, of equal probability.
    struct Choices: CustomStringConvertible {
        let first: UInt8
        let second: UInt8?

        var description: String {
            String(decoding: [first], as: UTF8.self) + (second.map { " or " + String(decoding: [$0], as: UTF8.self) } ?? "")
        }
    }

    private var node = Node.outerBegin
    /// The symbol after the outer `B`, which must occur again before the outer `E`.
    private var remembered = UInt8(ascii: "T")

    /// Whether a new string begins here.
    var isAtStringStart: Bool { node == .outerBegin }

    var choices: Choices {
        switch node {
        case .outerBegin, .innerBegin: Self.choices("B")
        case .outerFirst, .a: Self.choices("T", "P")
        case .b: Self.choices("S", "X")
        case .c: Self.choices("T", "V")
        case .d: Self.choices("X", "S")
        case .e: Self.choices("P", "V")
        case .innerEnd, .outerEnd: Self.choices("E")
        case .outerLast: Choices(first: remembered, second: nil)
        }
    }

    /// Advances by `symbol`, which must be one of the choices.
    mutating func advance(with symbol: UInt8) {
        let isFirst = symbol == choices.first
        switch node {
        case .outerBegin: node = .outerFirst
        case .outerFirst: (node, remembered) = (.innerBegin, symbol)
        case .innerBegin: node = .a
        case .a: node = isFirst ? .b : .c
        case .b: node = isFirst ? .b : .d
        case .c: node = isFirst ? .c : .e
        case .d: node = isFirst ? .c : .innerEnd
        case .e: node = isFirst ? .d : .innerEnd
        case .innerEnd: node = .outerLast
        case .outerLast: node = .outerEnd
        case .outerEnd: node = .outerBegin
        }
    }

    private static func choices(_ first: Unicode.Scalar, _ second: Unicode.Scalar? = nil) -> Choices {
        Choices(first: UInt8(ascii: first), second: second.map { UInt8(ascii: $0) })
    }
}
