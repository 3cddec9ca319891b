/// The initial values of a parameter. Configurations that initialise every parameter uniformly override some of these.
public enum ParameterStart: Sendable, Equatable {
    case zero
    /// A table of vectors: uniform in every run.
    case table
    /// A weight `[n, inputs]` between layers. Each block of `outputs` rows is initialised independently.
    case input(outputs: Int)
    /// A recurrent weight `[n, units]`: a square block for each gate.
    case recurrent
    /// A bias. In every run the forget bias is added to the elements in the range.
    case forgetting(Range<Int>)
    /// Evenly spread from the first element's value to the last one's, in every run.
    case spread(from: Float, to: Float)

    /// Fills `count` elements with evenly spread values, as in `.spread`.
    public static func spread(from first: Float, to last: Float, into values: UnsafeMutablePointer<Float>, count: Int) {
        for i in 0..<count { values[i] = first + (last - first) * Float(i) / Float(max(count - 1, 1)) }
    }
}

/// The offset of each named parameter in one flat buffer of floats.
///
/// Parameters, gradients and moments share this layout, so reduction, norm, update and checkpoint are each a single loop. Each
/// parameter begins at a cache line. The padding between parameters stays zero.
public struct ParameterLayout: Sendable, Equatable {
    /// The place of one parameter.
    public struct Entry: Sendable, Equatable {
        /// PyTorch's name, such as `rnn.weight_ih_l0`.
        public let name: String
        public let shape: [Int]
        public let start: ParameterStart
        /// First float in the buffer.
        public let offset: Int
        /// Floats, without padding.
        ///
        /// At most 2^44, which is more than any memory holds, so that the sum over all parameters cannot overflow.
        public var count: Int { shape.reduce(1) { Int(min(Double($0) * Double($1), 0x1p44)) } }
        /// Its place in the buffer, with padding.
        public var elements: Range<Int> { offset..<(offset + (count + 15) / 16 * 16) }
    }

    /// In the order of the buffer.
    public private(set) var entries: [Entry] = []
    private var indices: [String: Int] = [:]  // of the entries, by name
    /// Floats including padding: a multiple of 16.
    public private(set) var elementCount = 0

    public init() {}

    /// Appends a parameter.
    public mutating func append(_ name: String, shape: [Int], start: ParameterStart = .zero) {
        precondition(entry(named: name) == nil, "parameter \(name) is already in the layout")
        let entry = Entry(name: name, shape: shape, start: start, offset: elementCount)
        indices[name] = entries.count
        entries.append(entry)
        elementCount = entry.elements.upperBound
    }

    /// The parameter named `name`, if there is one.
    public func entry(named name: String) -> Entry? {
        indices[name].map { entries[$0] }
    }

    /// The number of parameters of the model: floats without padding.
    public var parameterCount: Int { entries.reduce(0) { $0 + $1.count } }
}
