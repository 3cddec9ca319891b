/// The order of the sequences and batches of an epoch, which depends only on the seed and the epoch.
final class SequenceOrder {
    private let batches: SequenceBatches
    private var epoch = -1
    /// `[sequences]`: row b of batch k is sequence `sequences[k*B + b]`.
    private let sequences: UnsafeMutableBufferPointer<Int32>
    /// The batches in their order in the epoch.
    private let order: UnsafeMutableBufferPointer<Int32>
    /// The first window of each batch in `order`, and finally the number of windows.
    private let firstWindows: UnsafeMutableBufferPointer<Int>

    init(_ batches: SequenceBatches) {
        self.batches = batches
        sequences = .allocate(capacity: batches.sequences.count)
        order = .allocate(capacity: batches.batchCount)
        firstWindows = .allocate(capacity: batches.batchCount + 1)
        sequences.initialize(repeating: 0)
        order.initialize(repeating: 0)
        firstWindows.initialize(repeating: 0)
    }

    deinit {
        sequences.deallocate()
        order.deallocate()
        firstWindows.deallocate()
    }

    /// The position of a window in its epoch.
    struct Place {
        let batch: Int
        /// The index of the window in its batch, from 0.
        let part: Int
    }

    /// The position of a window. Cost: O(log batches), and one pass over the sequences at the first window of an epoch. Allocates
    /// nothing.
    func place(ofWindow window: Int, epoch: Int) -> Place {
        precondition((0..<batches.windowCount).contains(window), "window \(window) of \(batches.windowCount)")
        if epoch != self.epoch { draw(epoch) }
        var (low, high) = (0, order.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if firstWindows[middle] <= window { low = middle } else { high = middle }
        }
        return Place(batch: Int(order[low]), part: window - firstWindows[low])
    }

    /// The sequence in a row of a batch; nil for an empty row.
    func sequence(batch: Int, row: Int) -> Int? {
        let place = batch * batches.shape.streamCount + row
        return place < sequences.count ? Int(sequences[place]) : nil
    }

    /// The length of the longest sequence of a batch.
    func steps(ofBatch batch: Int) -> Int { length(batch * batches.shape.streamCount) }

    private func length(_ place: Int) -> Int { batches.sequences.length(Int(sequences[place])) }

    private func draw(_ epoch: Int) {
        self.epoch = epoch
        var random = SplitMix64(seed: batches.shape.seed &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(epoch))
        batches.sorted.withUnsafeBufferPointer { sorted in
            for place in sorted.indices { sequences[place] = sorted[place] }
        }
        var start = 0
        for place in 1...sequences.count where place == sequences.count || length(place) != length(start) {
            sequences.shuffle(start..<place, using: &random)
            start = place
        }
        for batch in order.indices { order[batch] = Int32(batch) }
        order.shuffle(order.indices, using: &random)
        var window = 0
        for (place, batch) in order.enumerated() {
            firstWindows[place] = window
            window += (steps(ofBatch: Int(batch)) - 1) / batches.shape.windowLength + 1
        }
        firstWindows[order.count] = window
    }
}

extension UnsafeMutableBufferPointer<Int32> {
    /// Shuffles a range (Fisher & Yates). The order depends only on the generator; that of the standard library's `shuffle` may
    /// change.
    func shuffle(_ range: Range<Int>, using random: inout SplitMix64) {
        for place in stride(from: range.upperBound - 1, to: range.lowerBound, by: -1) {
            let count = UInt64(place - range.lowerBound + 1)
            swapAt(place, range.lowerBound + Int(random.next().multipliedFullWidth(by: count).high))
        }
    }
}
