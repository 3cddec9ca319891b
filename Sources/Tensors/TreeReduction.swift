internal import CKernels

/// Sums of partial gradients over a range of an arena, with the places that are read and written: made once, run at every step.
///
/// Stretches of the arena may have different partial sums at hand. A run allocates nothing.
public final class TreeReduction {
    /// Some elements of the arena, and the sums that are at hand for them.
    public struct Stretch {
        let elements: Range<Int>
        let program: TreeProgram
        let sources: [UnsafePointer<Float>]

        /// - Parameters:
        ///   - elements: from a multiple of 16 to a multiple of 16, but for the arena's end.
        ///   - program: from the sums at hand to those wanted, of which every stretch has the same.
        ///   - sources: element 0 of the arena, as each leaf has it.
        public init(elements: Range<Int>, program: TreeProgram, sources: [UnsafePointer<Float>]) {
            precondition(sources.count == program.leaves.count, "\(sources.count) sources for \(program.leaves.count) leaves")
            self.elements = elements
            self.program = program
            self.sources = sources
        }
    }

    private let elements: Range<Int>
    private let programs: [TreeProgram]  // whose operations the kernel reads
    private let stretches: UnsafeMutablePointer<ck_tree_stretch>
    private let destinations: UnsafeMutablePointer<UnsafeMutablePointer<Float>?>
    private let workspace = Workspace()

    /// Over `elements`, which begin at a tile, of which each is in one of the stretches.
    ///
    /// `destinations` are one pointer for each sum that is wanted, to element 0 of the arena; they may be among the sources.
    public init(_ stretches: [Stretch], into destinations: [UnsafeMutablePointer<Float>], over elements: Range<Int>) {
        self.elements = elements
        let own = stretches.filter { $0.elements.overlaps(elements) }
        programs = own.map(\.program)
        let first = elements.lowerBound
        self.destinations = workspace.allocate(UnsafeMutablePointer<Float>?.self, count: destinations.count)
        for (index, destination) in destinations.enumerated() { self.destinations[index] = destination + first }
        self.stretches = workspace.allocate(ck_tree_stretch.self, count: own.count)
        for (index, stretch) in own.enumerated() {
            let sources = workspace.allocate(UnsafePointer<Float>?.self, count: stretch.sources.count)
            for (leaf, source) in stretch.sources.enumerated() { sources[leaf] = source + first }
            let operations = stretch.program.operations
            self.stretches[index] = ck_tree_stretch(
                end: stretch.elements.upperBound - first, ops: operations.baseAddress, op_count: operations.count,
                sources: sources)
        }
    }

    /// Makes the sums.
    ///
    /// With `blockSums`, entry `i` becomes the sum of squares, in double, of the first sum over the range's elements
    /// `i*4096 ..< (i+1)*4096`, whose bits depend on those elements alone. With `live`, only live tiles are worked on; the others are zero
    /// in all sources, and must be so in the destinations already. Cost: one read of each source and one write of each sum.
    public func run(live: LiveTiles? = nil, blockSums: UnsafeMutablePointer<Double>?) {
        guard let live else { return ck_tree_reduce(stretches, destinations, elements.count, nil, blockSums) }
        live.withKernelView(from: elements.lowerBound / LiveTiles.tileSize) {
            ck_tree_reduce(stretches, destinations, elements.count, $0, blockSums)
        }
    }
}
