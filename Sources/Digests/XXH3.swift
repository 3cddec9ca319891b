import CXXHash

/// The 64-bit XXH3 digest, seed 0: fast and well mixed, and no defence against a forger.
///
/// Source: the xxHash specification (`XXH3_64bits`), computed by libxxhash.
public enum XXH3 {
    /// The digest of all of `bytes` at once.
    public static func digest(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        XXH3_64bits(bytes.baseAddress, bytes.count)
    }

    /// The digest of an array of bytes.
    public static func digest(_ bytes: [UInt8]) -> UInt64 {
        bytes.withUnsafeBytes { digest($0) }
    }
}

/// A running XXH3 digest of bytes that come in pieces: the same value as `XXH3.digest` over their concatenation.
public struct XXH3Hasher: ~Copyable {
    private let state: OpaquePointer

    /// A hasher that has seen nothing yet.
    public init() {
        guard let state = XXH3_createState(), XXH3_64bits_reset(state) == XXH_OK else {
            preconditionFailure("no memory is left for the 576 bytes of a hash state")
        }
        self.state = state
    }

    deinit {
        XXH3_freeState(state)
    }

    /// Adds the next piece.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        _ = XXH3_64bits_update(state, start, bytes.count)
    }

    /// Adds an array of bytes.
    public mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// Adds an integer as its eight bytes, lowest first.
    public mutating func update(_ integer: UInt64) {
        withUnsafeBytes(of: integer.littleEndian) { update($0) }
    }

    /// The digest of all that was added so far; more may be added after.
    public func digest() -> UInt64 {
        XXH3_64bits_digest(state)
    }
}
