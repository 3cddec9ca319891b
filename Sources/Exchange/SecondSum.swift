internal import Tensors

/// The sums of a block in private memory, computed before the sums in place.
final class SecondSum {
    /// The rank that computes the sum in place.
    let rank: Int
    private let elements: Range<Int>
    private let sums: [UnsafeMutablePointer<Float>]

    /// Computes `count` sums over `elements`.
    init(_ stretches: [TreeReduction.Stretch], count: Int, over elements: Range<Int>, by rank: Int) {
        self.rank = rank
        self.elements = elements
        sums = (0..<count).map { _ in .allocate(capacity: elements.count) }
        TreeReduction(stretches, into: sums.map { $0 - elements.lowerBound }, over: elements).run(blockSums: nil)
    }

    deinit { for sum in sums { sum.deallocate() } }

    /// Whether the sums in place have the same bits. `outputs` point to element 0 of the arena.
    func equals(_ outputs: [UnsafeMutablePointer<Float>]) -> Bool {
        zip(sums, outputs).allSatisfy { second, first in
            let inPlace = UnsafeRawBufferPointer(start: first + elements.lowerBound, count: elements.count * 4)
            return inPlace.elementsEqual(UnsafeRawBufferPointer(start: second, count: elements.count * 4))
        }
    }
}
