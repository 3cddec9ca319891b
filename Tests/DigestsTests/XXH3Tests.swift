import Digests
import Testing

@Suite struct XXH3Tests {
    /// The input of xxHash's own sanity tests: the top byte of a running product of two of its primes.
    static func sanityBytes(_ count: Int) -> [UInt8] {
        var state: UInt64 = 2_654_435_761
        return (0..<count).map { _ in
            defer { state = state &* 11_400_714_785_074_694_797 }
            return UInt8(truncatingIfNeeded: state >> 56)
        }
    }

    /// Lengths on every path of the algorithm, with the values published in xxHash's sanity tests.
    static let published: [(count: Int, digest: UInt64)] = [
        (0, 0x2D06_8005_38D3_94C2), (1, 0xC44B_DFF4_074E_ECDB), (6, 0x27B5_6A84_CD2D_7325), (12, 0xA713_DAF0_DFBB_77E7),
        (24, 0xA3FE_70BF_9D35_10EB), (48, 0x397D_A259_ECBA_1F11), (80, 0xBCDE_FBBB_2C47_C90A), (195, 0xCD94_217E_E362_EC3A),
        (403, 0xCDEB_804D_65C6_DEA4), (512, 0x617E_4959_9013_CB6B), (2048, 0xDD59_E2C3_A5F0_38E0),
        (2240, 0x6E73_A905_39CF_2948), (2367, 0xCB37_AEB9_E5D3_61ED),
    ]

    @Test("The digests of the published inputs are the published digests", arguments: published)
    func publishedValues(count: Int, digest: UInt64) {
        #expect(XXH3.digest(Self.sanityBytes(count)) == digest)
    }

    @Test("The digests of short ASCII texts are the published digests")
    func texts() {
        #expect(XXH3.digest(Array("a".utf8)) == 0xE6C6_32B6_1E96_4E1F)
        #expect(XXH3.digest(Array("abc".utf8)) == 0x78AF_5F94_892F_3950)
    }

    @Test("Pieces of any size give the digest of the concatenation", arguments: [1, 7, 64, 255, 256, 257, 1000])
    func pieces(size: Int) {
        let bytes = Self.sanityBytes(2367)
        var hasher = XXH3Hasher()
        var start = 0
        while start < bytes.count {
            hasher.update(Array(bytes[start..<min(start + size, bytes.count)]))
            #expect(hasher.digest() == XXH3.digest(Array(bytes[..<min(start + size, bytes.count)])))
            start += size
        }
    }

    @Test("A hasher without input, or with an empty piece, has the digest of no bytes")
    func nothing() {
        var hasher = XXH3Hasher()
        hasher.update([] as [UInt8])
        #expect(hasher.digest() == 0x2D06_8005_38D3_94C2)
    }

    @Test("An integer is added least significant byte first")
    func integers() {
        var hasher = XXH3Hasher()
        hasher.update(0x0807_0605_0403_0201 as UInt64)
        #expect(hasher.digest() == XXH3.digest([1, 2, 3, 4, 5, 6, 7, 8]))
    }

    @Test(
        "a digest's text has 16 lower-case digits and leads back",
        arguments: [
            (0, "0000000000000000"), (0xABC, "0000000000000abc"), (.max, "ffffffffffffffff"),
            (0x0123_4567_89AB_CDEF, "0123456789abcdef"),
        ] as [(UInt64, String)])
    func hexadecimal(value: UInt64, text: String) {
        #expect(value.hexadecimal == text)
        #expect(UInt64(hexadecimal: text) == value)
    }

    @Test(
        "text that is no digest is refused",
        arguments: ["", "0", "0123456789ABCDEF", "0123456789abcdefa", "+123456789abcdef", "0123456789abcdeg", "0123456789abcdé"])
    func noDigest(text: String) {
        #expect(UInt64(hexadecimal: text) == nil)
    }
}
