import CXXHash

/// The 64-bit XXH3 digest with seed 0. It is fast and well distributed, but not cryptographic.
///
/// Source: the xxHash specification (`XXH3_64bits`), computed by libxxhash.
public enum XXH3 {
    /// The digest of `bytes`.
    public static func digest(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        XXH3_64bits(bytes.baseAddress, bytes.count)
    }

    /// The digest of an array of bytes.
    public static func digest(_ bytes: [UInt8]) -> UInt64 {
        bytes.withUnsafeBytes { digest($0) }
    }
}

/// A streaming XXH3 digest: the same value as `XXH3.digest` of the concatenated pieces.
public struct XXH3Hasher: ~Copyable {
    private let state: OpaquePointer

    /// A hasher without input.
    public init() {
        guard let state = XXH3_createState(), XXH3_64bits_reset(state) == XXH_OK else {
            preconditionFailure("not enough memory for a hash state of 576 bytes")
        }
        self.state = state
    }

    deinit {
        XXH3_freeState(state)
    }

    /// Adds a piece of bytes.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        _ = XXH3_64bits_update(state, start, bytes.count)
    }

    /// Adds an array of bytes.
    public mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// Adds an integer as eight bytes, least significant byte first.
    public mutating func update(_ integer: UInt64) {
        withUnsafeBytes(of: integer.littleEndian) { update($0) }
    }

    /// The digest of all bytes added so far. More may be added afterwards.
    public func digest() -> UInt64 {
        XXH3_64bits_digest(state)
    }
}
