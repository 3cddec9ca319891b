import Layers
import Models
import Tensors
import Testing

/// The number of elements that differ in any bit.
func differingBits(_ a: [Float], _ b: [Float]) -> Int {
    abs(a.count - b.count) + zip(a, b).count { $0.bitPattern != $1.bitPattern }
}

@Suite("Windows of a model")
struct WindowTests {
    private let window = TokenWindow(steps: 6, streams: 3, vocabularySize: 11, seed: 5)

    private func rank(_ shape: ModelShape, dropout: Float = 0) -> SimulatedRank {
        let rank = SimulatedRank(shape: shape, steps: 6, batchSize: 3, dropout: dropout)
        rank.initialize()
        return rank
    }

    @Test("Windows of any lengths with carried state have the same losses as one window, bit for bit", arguments: ShapeCase.all)
    func carriedState(sizes: ShapeCase) {
        let whole = rank(sizes.shape).run(window, backward: false)
        // The loss that a backward pass follows may be an estimate.
        let estimates = Outputs.estimatesTraining(sizes.shape.output)
        for cuts in [[0, 3, 6], [0, 1, 6], [0, 5, 6], [0, 2, 3, 6]] {
            let rank = rank(sizes.shape)
            let losses = zip(cuts, cuts.dropFirst()).flatMap { from, to in
                rank.run(
                    window.part(steps: from..<to, streams: 0..<3), backward: from == 0 && !estimates,
                    atEpochStart: from == 0)
            }
            #expect(losses == whole, "cut at \(cuts)")
        }
    }

    @Test("The initial state of every epoch equals that of the first epoch", arguments: ShapeCase.all)
    func reset(sizes: ShapeCase) {
        let rank = rank(sizes.shape)
        let first = rank.run(window)
        #expect((rank.run(window, atEpochStart: false) != first) == sizes.oracleCell.hasMemory)
        #expect(rank.run(window) == first)
    }

    @Test("Padded rows contribute no gradient: their content changes no bit", arguments: ShapeCase.all)
    func padding(sizes: ShapeCase) {
        var other = window
        for row in other.mask.indices where other.mask[row] == 0 {
            other.inputs[row] = (other.inputs[row] + 1) % 11
            other.targets[row] = (other.targets[row] + 5) % 11
        }
        let (a, b) = (rank(sizes.shape, dropout: 0.2), rank(sizes.shape, dropout: 0.2))
        #expect(a.run(window) == b.run(other))
        #expect(differingBits(a.gradient(), b.gradient()) == 0)
        #expect(a.gradient().contains { $0 != 0 })
    }

    @Test("The content of padded rows changes gradients of merged tokens only by rounding", arguments: ShapeCase.all)
    func paddingMerged(sizes: ShapeCase) {
        var other = window
        for row in other.mask.indices where other.mask[row] == 0 { other.inputs[row] = (other.inputs[row] + 1) % 11 }
        let (a, b) = (rank(sizes.shape), rank(sizes.shape))
        #expect(a.run(window) == b.run(other))
        #expect(relativeDistance(a.gradient().map(Double.init), from: b.gradient().map(Double.init)) < 1e-6)
    }

    @Test("A window of only padding has zero gradients", arguments: ShapeCase.all)
    func onlyPadding(sizes: ShapeCase) {
        var padded = window
        padded.mask = padded.mask.map { _ in 0 }
        let rank = rank(sizes.shape)
        rank.run(window)
        rank.model.resetState()
        rank.model.forward(padded.inputs, steps: 6)
        let losses = rank.trainingLoss(padded, gradientScale: 1)
        #expect((0..<18).allSatisfy { losses[$0] == 0 })
        rank.backward(padded)
        #expect(rank.gradient().allSatisfy { $0 == 0 })
    }

    @Test("The learned initial state has a gradient at the start of an epoch, and a zero gradient afterwards")
    func learnedState() {
        for sizes in ShapeCase.all where sizes.shape.initialState == .learned {
            let rank = rank(sizes.shape)
            let names = rank.layout.entries.map(\.name).filter { $0.hasPrefix("rnn.h0_") || $0.hasPrefix("rnn.c0_") }
            let cell = sizes.oracleCell
            #expect(
                names.count
                    == (cell.learnsFirstState ? sizes.shape.layers * (cell.learnsOtherStates ? cell.stateLetters.count : 1) : 0))
            rank.run(window, atEpochStart: true)
            for name in names { #expect(rank.gradient(of: name).allSatisfy { $0 != 0 }, "\(sizes.testDescription), \(name)") }
            rank.run(window, atEpochStart: false)
            for name in names { #expect(rank.gradient(of: name).allSatisfy { $0 == 0 }, "\(sizes.testDescription), \(name)") }
        }
    }

    @Test("States have names, and the initial states of an epoch are zero or the learned ones")
    func states() throws {
        for sizes in ShapeCase.all {
            let rank = rank(sizes.shape)
            let start = { (state: Float) in Float(sizes.oracleCell.start(Double(state)).h) }
            let skipped = sizes.oracleCell.timeSkips.last ?? 1
            let letters = sizes.oracleCell.stateLetters + stride(from: 2, through: skipped, by: 1).map { "h\($0)" }
            #expect(rank.model.states.map(\.name) == (0..<sizes.shape.layers).flatMap { k in letters.map { "\($0)_l\(k)" } })
            rank.run(window)
            rank.model.resetState()
            for (name, matrix) in rank.model.states {
                let learned = rank.layout.entry(named: "rnn.\(name.prefix(1))0\(name.dropFirst())")
                let isH = name.hasPrefix("h_")
                let mayBeLearned =
                    sizes.oracleCell.learnsFirstState && (isH || (!name.hasPrefix("h") && sizes.oracleCell.learnsOtherStates))
                #expect((learned != nil) == (sizes.shape.initialState == .learned && mayBeLearned))
                for i in 0..<matrix.count {
                    let value = learned.map { rank.values[$0.offset + i % matrix.columns] } ?? 0
                    let expected = isH ? start(value) : value
                    #expect(abs(matrix.pointer[i] - expected) < 1e-7, "\(name)")
                }
            }
        }
    }
}
