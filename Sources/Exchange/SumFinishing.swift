internal import Tensors

/// A change of the summed gradient of some elements, before the norm is computed.
struct SumFinishing {
    /// Changes the gradient of some elements of the arena, `[elements.count]`.
    typealias Body = (_ elements: Range<Int>, _ gradient: UnsafeMutablePointer<Float>) -> Void

    private let parts: [Range<Int>]
    private let gradient: UnsafeMutablePointer<Float>  // of element 0 of the arena
    private let squares: [(run: TreeReduction, firstBlock: Int)]
    private let body: Body

    /// For the parts of `elements` among those that a rank owns.
    init(of elements: [Range<Int>], owned: Range<Int>, gradient: UnsafeMutablePointer<Float>, _ body: @escaping Body) {
        let parts = elements.map { $0.clamped(to: owned) }.filter { !$0.isEmpty }
        (self.parts, self.gradient, self.body) = (parts, gradient, body)
        let one = TreeProgram(tree: ShardTree(shardCount: 1), ownShards: 0..<1)
        squares = parts.map { (part: Range<Int>) -> (run: TreeReduction, firstBlock: Int) in
            let first = (part.lowerBound - owned.lowerBound) / TreeProgram.blockSize
            let end = (part.upperBound - 1 - owned.lowerBound) / TreeProgram.blockSize + 1
            let firstElement = owned.lowerBound + first * TreeProgram.blockSize
            let endElement = min(owned.lowerBound + end * TreeProgram.blockSize, owned.upperBound)
            let blocks: Range<Int> = firstElement..<endElement
            let stretch = TreeReduction.Stretch(elements: 0..<owned.upperBound, program: one, sources: [UnsafePointer(gradient)])
            return (TreeReduction([stretch], into: [gradient], over: blocks), first)
        }
    }

    /// Changes the sums, and computes the sums of squares of their blocks again.
    func run(blockSums: UnsafeMutablePointer<Double>) {
        for part in parts { body(part, gradient + part.lowerBound) }
        for (run, firstBlock) in squares { run.run(blockSums: blockSums + firstBlock) }
    }
}
