import Foundation
import Tensors

/// The ends of all n-grams of a text, sorted by the words before them.
///
/// An entry is the place of a word. Entries are sorted by this word, then by the word before it, and so on to the start of the line, at most
/// `order` words. Equal n-grams of each order are therefore adjacent, and all orders are counted in one pass. Entries for `<s>` are left
/// out: no n-gram ends with it. Memory: 6 bytes a word, and 32 bytes for each occurrence of the most frequent word while sorting.
struct SortedEnds: ~Copyable {
    /// The number of entries.
    let count: Int
    /// The place of each entry in the text. `[count]`
    let places: UnsafeMutablePointer<UInt32>
    /// The words that the entry has in common with the entry before it, from the end backwards; at most `order`. `[count]`
    let shared: UnsafeMutablePointer<UInt8>
    /// The length of the longest n-gram that ends here, including `<s>`; at most `order`. `[count]`
    let lengths: UnsafeMutablePointer<UInt8>

    /// Sorts on the threads of this process. The result does not depend on their number.
    init(_ text: NGramText, order: Int) {
        count = text.wordCount
        places = .allocate(capacity: count)
        shared = .allocate(capacity: count)
        lengths = .allocate(capacity: count)
        let bounds = Self.groupByWord(text, into: places)
        let sorter = EndSorter(text, order: order)
        let output = EndOutput(places: places, shared: shared, lengths: lengths)
        let chunks = Self.chunks(bounds)
        text.tokens.withUnsafeBufferPointer { tokens in
            nonisolated(unsafe) let tokens = tokens.baseAddress!
            let threads = min(ProcessInfo.processInfo.activeProcessorCount, chunks.count)
            onThreads(threads) { thread in
                for chunk in stride(from: thread, to: chunks.count, by: threads) {
                    sorter.sort(tokens, words: chunks[chunk], bounds: bounds, output: output)
                }
            }
        }
    }

    deinit {
        places.deallocate()
        shared.deallocate()
        lengths.deallocate()
    }

    /// Groups the places by their word. Returns the bounds of the groups. `[V + 1]`
    private static func groupByWord(_ text: NGramText, into places: UnsafeMutablePointer<UInt32>) -> [Int] {
        let size = text.vocabulary.size
        var bounds = [Int](repeating: 0, count: size + 2)
        bounds.withUnsafeMutableBufferPointer { bounds in
            for token in text.tokens where Int(token) < size { bounds[Int(token) + 2] += 1 }
            for word in 1..<(size + 2) { bounds[word] += bounds[word - 1] }
            text.tokens.withUnsafeBufferPointer { tokens in
                for place in 0..<tokens.count where Int(tokens[place]) < size {
                    let word = Int(tokens[place]) + 1
                    places[bounds[word]] = UInt32(truncatingIfNeeded: place)
                    bounds[word] += 1
                }
            }
        }
        bounds.removeLast()
        return bounds
    }

    /// Divides the words into ranges with about equal numbers of entries.
    private static func chunks(_ bounds: [Int]) -> [Range<Int>] {
        let target = max(1 << 14, bounds[bounds.count - 1] / 64)
        var chunks: [Range<Int>] = []
        var first = 0
        for word in 1..<bounds.count where bounds[word] - bounds[first] >= target || word == bounds.count - 1 {
            chunks.append(first..<word)
            first = word
        }
        return chunks
    }
}

/// The output buffers of the threads. Each thread writes the entries of its own words.
private struct EndOutput: @unchecked Sendable {
    let places: UnsafeMutablePointer<UInt32>
    let shared: UnsafeMutablePointer<UInt8>
    let lengths: UnsafeMutablePointer<UInt8>
}

/// Sorts the entries of some words.
private struct EndSorter: Sendable {
    private let order: Int
    private let start: Int32
    /// Bits of a word in a key.
    private let width: Int
    private let wordsInKey: Int

    init(_ text: NGramText, order: Int) {
        self.order = order
        start = text.start
        // In a key, 0 means no word, and a word is its number + 1.
        width = Int.bitWidth - (Int(text.start) + 1).leadingZeroBitCount
        wordsInKey = 64 / width
    }

    func sort(_ tokens: UnsafePointer<Int32>, words: Range<Int>, bounds: [Int], output: EndOutput) {
        let largest = words.reduce(0) { max($0, bounds[$1 + 1] - bounds[$1]) }
        let records = UnsafeMutablePointer<KeyedNumber>.allocate(capacity: 2 * max(1, largest))
        defer { records.deallocate() }
        for word in words {
            let range = bounds[word]..<bounds[word + 1]
            guard !range.isEmpty else { continue }
            let places = output.places + range.lowerBound
            for index in 0..<range.count { records[index].number = places[index] }
            sort(tokens, records, spare: records + largest, count: range.count, depth: 1)
            for index in 0..<range.count { places[index] = records[index].number }
            compare(tokens, range, output)
        }
    }

    /// Sorts records that agree in their last `depth` words.
    private func sort(
        _ tokens: UnsafePointer<Int32>, _ records: UnsafeMutablePointer<KeyedNumber>,
        spare: UnsafeMutablePointer<KeyedNumber>, count: Int, depth: Int
    ) {
        guard count > 1, depth < order else { return }
        for index in 0..<count { records[index].key = key(tokens, Int(records[index].number), depth: depth) }
        KeySort.sort(records, spare: spare, count: count)
        guard depth + wordsInKey < order else { return }
        var first = 0
        while first < count {
            let key = records[first].key
            var end = first + 1
            while end < count, records[end].key == key { end += 1 }
            // The last word of the key is missing or `<s>`, so all words before it are missing.
            let last = key & ((1 << UInt64(width)) - 1)
            if last != 0, last != UInt64(start) + 1 {
                sort(tokens, records + first, spare: spare + first, count: end - first, depth: depth + wordsInKey)
            }
            first = end
        }
    }

    /// Up to `wordsInKey` words before the last `depth` words, the nearest in the most significant bits; 0 for those before the line.
    private func key(_ tokens: UnsafePointer<Int32>, _ place: Int, depth: Int) -> UInt64 {
        var key: UInt64 = 0
        let count = min(wordsInKey, order - depth)
        for index in 0..<count {
            let token = tokens[place - depth - index]
            key = key << UInt64(width) | UInt64(token) + 1
            if token == start { return key << UInt64(width * (count - 1 - index)) }
        }
        return key
    }

    /// Sets `shared` and `lengths` of the entries of one word.
    private func compare(_ tokens: UnsafePointer<Int32>, _ range: Range<Int>, _ output: EndOutput) {
        for entry in range {
            let place = Int(output.places[entry])
            var length = 1
            while length < order, tokens[place - length + 1] != start { length += 1 }
            output.lengths[entry] = UInt8(truncatingIfNeeded: length)
            var same = 0
            if entry > range.lowerBound {
                let before = Int(output.places[entry - 1])
                let longest = min(length, Int(output.lengths[entry - 1]))
                while same < longest, tokens[place - same] == tokens[before - same] { same += 1 }
            }
            output.shared[entry] = UInt8(truncatingIfNeeded: same)
        }
    }
}
