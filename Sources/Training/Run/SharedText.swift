import TextData

/// A text that some ranks read, from the view of one rank.
struct SharedText {
    /// Nil if this rank does not read the text.
    let text: OpenedText?
    /// The ranks that read it, ascending; the first is rank 0.
    let readers: [Int]

    /// The part of `blocks` that a reader reads.
    func share(of blocks: Range<Int>, rank: Int) -> Range<Int> {
        let place = readers.firstIndex(of: rank) ?? 0
        let start = blocks.lowerBound + place * blocks.count / readers.count
        return start..<(blocks.lowerBound + (place + 1) * blocks.count / readers.count)
    }
}
