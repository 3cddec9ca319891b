import Digests

extension StoredCheckpoint {
    /// The valid elements of an array.
    enum Range {
        case finite
        /// Finite, and not negative: a mean of squares.
        case squares
    }

    /// Reads every array that a resume needs, and returns the digest of the parameters as in the log.
    ///
    /// Throws `StoredRunError.impossibleValue` for a value that training never writes, and `.inconsistentCheckpoint` if the
    /// parameters do not have the recorded digest.
    func checkValues() throws -> String {
        var hasher = XXH3Hasher()
        for array in expectedArrays {
            let found: Int? = try reader.withElements(of: array.name, as: Float.self, shape: array.shape) { values in
                if array.isParameter { hasher.update(UnsafeRawBufferPointer(values)) }
                return Self.firstOutside(array.range, values)
            }
            guard let found else { continue }
            let value = try reader.elements(of: array.name, as: Float.self)[found]
            throw StoredRunError.impossibleValue(path: reader.path, array: array.name, index: found, value: value)
        }
        let digest = hasher.digest().hexadecimal
        if let noted = facts.parametersDigest, noted != digest {
            throw StoredRunError.inconsistentCheckpoint(
                path: reader.path, reason: "the digest of its parameters is \(digest), but its metadata says \(noted.prefix(16))")
        }
        return digest
    }

    /// The first element outside the range; nil if there is none.
    private static func firstOutside(_ range: Range, _ values: UnsafeBufferPointer<Float>) -> Int? {
        // As integers, magnitudes are ordered: infinity and NaN are above all other magnitudes, and negative numbers are above
        // these.
        let sign: UInt32 = 0x8000_0000
        let mask = range == .squares ? UInt32.max : ~sign
        var largest: UInt32 = 0
        for value in values { largest = max(largest, value.bitPattern & mask) }
        if largest <= Float.greatestFiniteMagnitude.bitPattern { return nil }
        return values.firstIndex { !$0.isFinite || (range == .squares && $0 < 0) }
    }
}
