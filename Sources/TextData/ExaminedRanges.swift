/// What a process has read of a text.
struct ExaminedRanges {
    var isBegun = false
    /// The digest of the whole text in its stamp; nil if the stamp is not used.
    var stamp: UInt64?
    /// The ranges that were examined, with their digests at that time.
    var digests: [(range: Range<Int>, digest: UInt64)] = []
}
