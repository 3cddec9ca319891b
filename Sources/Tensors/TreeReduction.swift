internal import CKernels

/// The sums of partial gradients over a range of an arena, with their sources and destinations. Created once, run at every step.
///
/// Different stretches of the arena may have different partial sums available. A run allocates nothing.
public final class TreeReduction {
    /// Some elements of the arena, and the partial sums that are available for them.
    public struct Stretch {
        let elements: Range<Int>
        let program: TreeProgram
        let sources: [UnsafePointer<Float>]

        /// - Parameters:
        ///   - elements: both ends are multiples of 16, except at the end of the arena.
        ///   - program: from the available sums to the wanted sums. All stretches have the same wanted sums.
        ///   - sources: for each leaf, the address of element 0 of the arena.
        public init(elements: Range<Int>, program: TreeProgram, sources: [UnsafePointer<Float>]) {
            precondition(sources.count == program.leaves.count, "\(sources.count) sources for \(program.leaves.count) leaves")
            self.elements = elements
            self.program = program
            self.sources = sources
        }
    }

    private let elements: Range<Int>
    private let programs: [TreeProgram]  // keeps alive the operations that the kernel reads
    private let stretches: UnsafeMutablePointer<ck_tree_stretch>
    private let destinations: UnsafeMutablePointer<UnsafeMutablePointer<Float>?>
    private let workspace = Workspace()

    /// Over `elements`, which begin at a tile. Each tile lies in one of the stretches.
    ///
    /// `destinations` has one pointer for each wanted sum, to element 0 of the arena. Destinations may be among the sources.
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

    /// Computes the sums.
    ///
    /// With `blockSums`, entry `i` becomes the sum of squares, in double, of the first sum over elements `i*4096 ..< (i+1)*4096`
    /// of the range. Its bits depend on those elements alone. With `live`, only live tiles are processed; the other tiles must be
    /// zero in all sources and destinations. Cost: one read of each source and one write of each sum.
    public func run(live: LiveTiles? = nil, blockSums: UnsafeMutablePointer<Double>?) {
        guard let live else { return ck_tree_reduce(stretches, destinations, elements.count, nil, blockSums) }
        live.withKernelView(from: elements.lowerBound / LiveTiles.tileSize) {
            ck_tree_reduce(stretches, destinations, elements.count, $0, blockSums)
        }
    }
}
