import Digests
import Tensors

/// The 64-bit digest of a model's parameters, for the comparison of runs: XXH3 over the bits of each parameter, in the order of
/// the arena and without padding.
enum ParametersDigest {
    static func of(_ values: UnsafePointer<Float>, layout: ParameterLayout) -> UInt64 {
        var hasher = XXH3Hasher()
        for entry in layout.entries {
            hasher.update(UnsafeRawBufferPointer(start: values + entry.offset, count: entry.count * MemoryLayout<Float>.size))
        }
        return hasher.digest()
    }
}
