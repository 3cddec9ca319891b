/// What a process has read of a text.
struct ExaminedRanges {
    var isBegun = false
    /// The ranges that were examined, with their digests at that time.
    var digests: [(range: Range<Int>, digest: UInt64)] = []
}
