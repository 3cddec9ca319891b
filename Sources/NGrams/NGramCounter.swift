/// Counts the n-grams of each order in one pass over the sorted ends of a text.
struct NGramCounter {
    private let text: NGramText
    private let order: Int

    init(_ text: NGramText, order: Int) {
        (self.text, self.order) = (text, order)
    }

    /// The adjusted counts of all words of the vocabulary; entry i is word i.
    func words(_ ends: borrowing SortedEnds) -> CountedNGrams {
        var counts = [UInt32](repeating: 0, count: text.vocabulary.size)
        counts.withUnsafeMutableBufferPointer { counts in
            text.tokens.withUnsafeBufferPointer { tokens in
                for entry in 0..<ends.count where order == 1 || ends.shared[entry] < 2 {
                    counts[Int(tokens[Int(ends.places[entry])])] += 1
                }
            }
        }
        return CountedNGrams(counts: counts)
    }

    /// The n-grams of order `n`, at least 2. Those with at most `threshold` occurrences are marked.
    func nGrams(of n: Int, _ ends: borrowing SortedEnds, threshold: UInt32) -> CountedNGrams {
        var counted = CountedNGrams()
        let count = number(of: n, ends)
        counted.places.reserveCapacity(count)
        counted.counts.reserveCapacity(count)
        counted.suffixes.reserveCapacity(count)
        var occurrences: UInt32 = 0
        var (adjusted, suffix) = (UInt32(0), -1)
        func close() {
            guard occurrences > 0 else { return }
            counted.counts.append(adjusted)
            if threshold > 0 { counted.isPruned.append(occurrences <= threshold) }
            (occurrences, adjusted) = (0, 0)
        }
        for entry in 0..<ends.count {
            let (length, shared) = (Int(ends.lengths[entry]), Int(ends.shared[entry]))
            if length >= n - 1, shared < n - 1 { suffix += 1 }
            guard length >= n else { continue }
            if shared < n {
                close()
                counted.places.append(ends.places[entry])
                let place = Int(ends.places[entry])
                counted.suffixes.append(n == 2 ? UInt32(text.tokens[place]) : UInt32(truncatingIfNeeded: suffix))
            }
            occurrences += 1
            // Equal entries of the full length are one n-gram that begins the line, or has the highest order.
            if n == order || length == n || shared <= n { adjusted += 1 }
        }
        close()
        return counted
    }

    /// The number of n-grams of order `n`.
    private func number(of n: Int, _ ends: borrowing SortedEnds) -> Int {
        var count = 0
        for entry in 0..<ends.count where Int(ends.lengths[entry]) >= n && Int(ends.shared[entry]) < n { count += 1 }
        return count
    }

    /// Sets, for each place where an n-gram of order `n` ends, the number of this n-gram.
    func number(_ n: Int, _ ends: borrowing SortedEnds, into endingAt: inout [UInt32]) {
        endingAt.withUnsafeMutableBufferPointer { endingAt in
            var index = -1
            for entry in 0..<ends.count where Int(ends.lengths[entry]) >= n {
                if Int(ends.shared[entry]) < n { index += 1 }
                endingAt[Int(ends.places[entry])] = UInt32(truncatingIfNeeded: index)
            }
        }
    }
}
