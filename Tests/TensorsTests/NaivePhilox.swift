/// Philox4x32-10, directly from Salmon et al. 2011, section 3.3.
func naivePhilox(counter: [UInt32], key: [UInt32]) -> [UInt32] {
    var (c, k) = (counter, key)
    for _ in 0..<10 {
        let (p0, p1) = (UInt64(0xD251_1F53) * UInt64(c[0]), UInt64(0xCD9E_8D57) * UInt64(c[2]))
        c = [UInt32(p1 >> 32) ^ c[1] ^ k[0], UInt32(p1 & 0xffff_ffff), UInt32(p0 >> 32) ^ c[3] ^ k[1], UInt32(p0 & 0xffff_ffff)]
        k = [k[0] &+ 0x9E37_79B9, k[1] &+ 0xBB67_AE85]
    }
    return c
}

/// The two words of a key.
func words(_ key: UInt64) -> [UInt32] { [UInt32(truncatingIfNeeded: key), UInt32(key >> 32)] }
