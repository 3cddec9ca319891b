/// The content of a checkpoint file: arrays with distinct names, and texts by key.
///
/// Names that Swift compares as equal (the same characters in different Unicode normalisation) are not distinct.
public struct Checkpoint {
    /// The arrays, in any order.
    public let arrays: [NamedArray]
    /// Texts by key. The format reserves keys that begin with `xxh3`.
    public let metadata: [String: String]

    /// A checkpoint of borrowed arrays.
    public init(arrays: [NamedArray], metadata: [String: String] = [:]) {
        precondition(Set(arrays.map(\.name)).count == arrays.count, "two arrays of a checkpoint have the same name")
        let reserved = metadata.keys.first { $0.hasPrefix(SafetensorsHeader.checksumPrefix) }
        precondition(reserved == nil, "the metadata key \(reserved ?? "") is reserved for checksums")
        self.arrays = arrays
        self.metadata = metadata
    }

    /// The number of bytes of all arrays.
    public var byteCount: Int { arrays.reduce(0) { $0 + $1.bytes.count } }
}
