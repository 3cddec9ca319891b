/// How a parameter begins, but for runs in which every parameter begins uniformly.
public enum ParameterStart: Sendable, Equatable {
    case zero
    /// A table of vectors: uniform in every run.
    case table
    /// A weight `[n, inputs]` between layers, whose blocks of `outputs` rows begin each by itself.
    case input(outputs: Int)
    /// A recurrent weight `[n, units]`: a square block for each gate.
    case recurrent
    /// A bias whose elements `range` the forget bias is added to, in every run.
    case forgetting(Range<Int>)
    /// Evenly spread from the first element's value to the last one's, in every run.
    case spread(from: Float, to: Float)

    /// Fills `count` elements as `.spread` says.
    public static func spread(from first: Float, to last: Float, into values: UnsafeMutablePointer<Float>, count: Int) {
        for i in 0..<count { values[i] = first + (last - first) * Float(i) / Float(max(count - 1, 1)) }
    }
}

/// Where each named parameter lies in one flat buffer of floats.
///
/// Parameters, gradients and moments share the layout, so that reduction, norm, update and checkpoint are each one loop.
/// Each parameter begins at a cache line; the floats between stay zero.
public struct ParameterLayout: Sendable, Equatable {
    /// One parameter's place.
    public struct Entry: Sendable, Equatable {
        /// PyTorch's name, such as `rnn.weight_ih_l0`.
        public let name: String
        public let shape: [Int]
        public let start: ParameterStart
        /// First float in the buffer.
        public let offset: Int
        /// Floats, without padding.
        public var count: Int { shape.reduce(1, *) }
        /// Its place in the buffer, with padding.
        public var elements: Range<Int> { offset..<(offset + (count + 15) / 16 * 16) }
    }

    /// In the order of the buffer.
    public private(set) var entries: [Entry] = []
    private var indices: [String: Int] = [:]  // of the entries, by name
    /// Floats in all, with padding: a multiple of 16.
    public private(set) var elementCount = 0

    public init() {}

    /// Adds a parameter behind the others.
    public mutating func append(_ name: String, shape: [Int], start: ParameterStart = .zero) {
        precondition(entry(named: name) == nil, "parameter \(name) stands twice")
        let entry = Entry(name: name, shape: shape, start: start, offset: elementCount)
        indices[name] = entries.count
        entries.append(entry)
        elementCount = entry.elements.upperBound
    }

    /// The parameter with this name, if there is one.
    public func entry(named name: String) -> Entry? {
        indices[name].map { entries[$0] }
    }

    /// Parameters of the model: floats without padding.
    public var parameterCount: Int { entries.reduce(0) { $0 + $1.count } }
}
