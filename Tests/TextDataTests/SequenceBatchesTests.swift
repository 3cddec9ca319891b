import TestSupport
import Testing
import TextData

@Suite struct SequenceBatchesTests {
    private static let lineEnd: Int32 = 0
    private static let vocabularySize = 50

    /// Lines of many lengths: some are equal, one is empty, and the last has no line end.
    private static let lines: [[Int32]] = {
        var random = SeededGenerator(seed: 5)
        var lines = [3, 1, 12, 7, 7, 7, 2, 25, 1, 4, 4, 9, 1, 3, 7].map { length in
            (1..<length).map { _ in Int32.random(in: 1..<Int32(vocabularySize), using: &random) } + [lineEnd]
        }
        lines.append([5, 6, 7])
        return lines
    }()

    private func file(_ folder: borrowing ScratchFolder) throws -> TokenFile {
        let path = folder.file("tokens")
        try writeTokens(Array(Self.lines.joined()), path: path, vocabularySize: Self.vocabularySize)
        return try TokenFile(path: path)
    }

    private func layout(
        _ file: TokenFile, _ streamCount: Int, _ windowLength: Int, seed: UInt64 = 1
    ) throws -> any BatchLayout {
        try SentenceBatching.layout(
            TokenFileText(file, lineEnd: Self.lineEnd),
            BatchShape(streamCount: streamCount, windowLength: windowLength, seed: seed), source: "text")
    }

    private struct Window: Equatable {
        var sizes: BatchWindow
        var inputs: [Int32]
        var targets: [Int32]
        var mask: [Float]
    }

    private func read(_ source: any BatchSource, _ index: Int, epoch: Int, streams: Int) throws -> Window {
        let sizes = source.window(index, epoch: epoch)
        let count = sizes.steps * streams
        var inputs = [Int32](repeating: -7, count: count)
        var targets = inputs
        var mask = [Float](repeating: -7, count: count)
        try inputs.withUnsafeMutableBufferPointer { inputs in
            try targets.withUnsafeMutableBufferPointer { targets in
                try mask.withUnsafeMutableBufferPointer { mask in
                    try source.fill(index, epoch: epoch, inputs: inputs, targets: targets, mask: mask)
                }
            }
        }
        return Window(sizes: sizes, inputs: inputs, targets: targets, mask: mask)
    }

    /// The sequences that the rows read in an epoch: the inputs and the targets of each.
    private func sequences(
        _ source: any BatchSource, epoch: Int, streams: Int
    ) throws -> [(inputs: [Int32], targets: [Int32])] {
        var done: [(inputs: [Int32], targets: [Int32])] = []
        var rows = [(inputs: [Int32], targets: [Int32])](repeating: ([], []), count: streams)
        for index in 0..<source.windowCount {
            let window = try read(source, index, epoch: epoch, streams: streams)
            if window.sizes.beginsSequences {
                done += rows
                rows = .init(repeating: ([], []), count: streams)
            }
            for element in window.mask.indices where window.mask[element] == 1 {
                rows[element % streams].inputs.append(window.inputs[element])
                rows[element % streams].targets.append(window.targets[element])
            }
        }
        return (done + rows).filter { !$0.inputs.isEmpty }
    }

    private func sorted(_ lines: [[Int32]]) -> [[Int32]] { lines.sorted { $0.lexicographicallyPrecedes($1) } }

    @Test("An epoch predicts each line once, and its first input is a line end", arguments: [1, 2, 5, 20], [1, 4, 30])
    func wholeLines(streamCount: Int, windowLength: Int) throws {
        let folder = try ScratchFolder()
        let file = try file(folder)
        let layout = try layout(file, streamCount, windowLength)
        let source = layout.source(file, streams: 0..<streamCount)
        for epoch in 1...3 {
            let found = try sequences(source, epoch: epoch, streams: streamCount)
            #expect(sorted(found.map(\.targets)) == sorted(Self.lines))
            #expect(found.allSatisfy { $0.inputs == [Self.lineEnd] + $0.targets.dropLast() })
        }
    }

    @Test("The sizes of windows match their masks, and the padding share counts them", arguments: [1, 3, 8], [2, 7, 30])
    func sizes(streamCount: Int, windowLength: Int) throws {
        let folder = try ScratchFolder()
        let file = try file(folder)
        let layout = try layout(file, streamCount, windowLength)
        let source = layout.source(file, streams: 0..<streamCount)
        var (rows, tokens) = (0, 0)
        for index in 0..<source.windowCount {
            let window = try read(source, index, epoch: 2, streams: streamCount)
            #expect(window.sizes.steps <= windowLength)
            #expect(window.sizes.predictions == Int(window.mask.reduce(0, +)))
            #expect(window.sizes.tokens == window.sizes.predictions)
            rows += window.mask.count
            tokens += window.sizes.tokens
        }
        #expect(tokens == layout.predictionCount && tokens == file.count)
        #expect(abs(layout.paddingShare - (1 - Double(tokens) / Double(rows))) < 1e-12)
    }

    @Test("The rows of all ranks together are the whole batch", arguments: [2, 3, 5])
    func ranks(rankCount: Int) throws {
        let folder = try ScratchFolder()
        let file = try file(folder)
        let layout = try layout(file, 5, 4)
        let shards = try ShardLayout(streamCount: 5, shardCount: 5, rankCount: rankCount)
        let whole = layout.source(file, streams: 0..<5)
        for rank in 0..<rankCount {
            let streams = shards.streams(ofRank: rank)
            let part = layout.source(file, streams: streams)
            for index in 0..<whole.windowCount {
                let all = try read(whole, index, epoch: 1, streams: 5)
                let own = try read(part, index, epoch: 1, streams: streams.count)
                #expect(own.sizes == all.sizes)
                let columns = all.inputs.indices.filter { streams.contains($0 % 5) }
                #expect(own.inputs == columns.map { all.inputs[$0] })
                #expect(own.targets == columns.map { all.targets[$0] })
                #expect(own.mask == columns.map { all.mask[$0] })
            }
        }
    }

    @Test("The order of an epoch depends only on the seed and the epoch, and differs between epochs")
    func orders() throws {
        let folder = try ScratchFolder()
        let file = try file(folder)
        let layout = try layout(file, 2, 30)
        let source = layout.source(file, streams: 0..<2)
        func epoch(_ epoch: Int, _ source: any BatchSource) throws -> [Window] {
            try (0..<source.windowCount).map { try read(source, $0, epoch: epoch, streams: 2) }
        }
        let (first, second) = (try epoch(1, source), try epoch(2, source))
        #expect(first != second)
        #expect(try epoch(1, source) == first)
        let resumed = layout.source(file, streams: 0..<2)
        #expect(try read(resumed, 3, epoch: 2, streams: 2) == second[3])
        let other = try self.layout(file, 2, 30, seed: 2)
        #expect(try epoch(1, other.source(file, streams: 0..<2)) != first)
        // Lines of similar length share a batch.
        #expect(layout.paddingShare < 0.25)
    }

    @Test("A label is the target of the last token of its sequence, also if the sequence is longer than a window")
    func labels() throws {
        let folder = try ScratchFolder()
        let file = try file(folder)
        let lines = try TokenFileText(file, lineEnd: Self.lineEnd).lines(source: "text")
        let labels = (0..<Int32(lines.count)).map { $0 + 100 }
        let layout = SequenceBatches(lines, targets: .labels(labels), BatchShape(streamCount: 3, windowLength: 8))
        let source = layout.source(file, streams: 0..<3)
        var found: [Int32: Int32] = [:]
        for index in 0..<source.windowCount {
            let window = try read(source, index, epoch: 1, streams: 3)
            #expect(window.sizes.predictions == Int(window.mask.reduce(0, +)))
            #expect(window.sizes.tokens >= window.sizes.predictions)
            for element in window.mask.indices where window.mask[element] == 1 {
                found[window.targets[element]] = window.inputs[element]
            }
        }
        #expect(found.count == lines.count && layout.predictionCount == lines.count)
        for (index, line) in Self.lines.enumerated() { #expect(found[labels[index]] == line.last) }
    }

    @Test("A text without line ends has no lines")
    func noLines() throws {
        let folder = try ScratchFolder()
        let file = try file(folder)
        let error = textDataError {
            _ = try TokenFileText(file, lineEnd: nil).lines(source: "t.txt")
        }
        #expect(error == .noLines(source: "t.txt"))
        #expect(error.map { "\($0)" }?.contains("--batching streams") == true)
    }
}
