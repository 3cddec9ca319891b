import TestSupport
import TextData
import Testing

@Suite struct WindowReaderTests {
    private struct Window: Equatable {
        var steps = 0
        var inputs: [Int32] = []
        var targets: [Int32] = []
        var mask: [Float] = []
    }

    /// The window by its definition, one element at a time.
    private func naive(_ tokens: [Int32], _ layout: StreamLayout, _ streams: Range<Int>, _ window: Int, _ length: Int) -> Window {
        let steps = (window * length)..<min((window + 1) * length, layout.streamLength)
        var result = Window(steps: steps.count)
        for step in steps {
            for stream in streams {
                let prediction = stream * layout.streamLength + step
                let isReal = prediction < tokens.count - 1
                result.inputs.append(isReal ? tokens[prediction] : 0)
                result.targets.append(isReal ? tokens[prediction + 1] : 0)
                result.mask.append(isReal ? 1 : 0)
            }
        }
        return result
    }

    /// The window of the reader, and whether the rest of the buffers is unchanged.
    private func read(_ reader: WindowReader, _ window: Int) throws -> (window: Window, isRestUntouched: Bool) {
        var inputs = [Int32](repeating: -7, count: reader.elementCount)
        var targets = inputs
        var mask = [Float](repeating: -7, count: reader.elementCount)
        let steps = try inputs.withUnsafeMutableBufferPointer { inputs in
            try targets.withUnsafeMutableBufferPointer { targets in
                try mask.withUnsafeMutableBufferPointer {
                    try reader.fill(window: window, inputs: inputs, targets: targets, mask: $0)
                }
            }
        }
        let used = steps * reader.streams.count
        let rest = inputs[used...].allSatisfy { $0 == -7 } && targets[used...].allSatisfy { $0 == -7 }
        return (
            Window(
                steps: steps, inputs: Array(inputs[..<used]), targets: Array(targets[..<used]), mask: Array(mask[..<used])),
            rest && mask[used...].allSatisfy { $0 == -7 }
        )
    }

    @Test("Windows are those of the definition, for any streams and every token width", arguments: [200, 60_000, 70_000])
    func againstNaive(vocabularySize: Int) throws {
        let folder = try ScratchFolder()
        var random = SeededGenerator(seed: UInt64(vocabularySize))
        for count in [2, 3, 17, 64, 101] {
            let tokens = (0..<count).map { _ in Int32.random(in: 1..<Int32(vocabularySize), using: &random) }
            let path = folder.file("t\(count)")
            try writeTokens(tokens, path: path, vocabularySize: vocabularySize)
            let file = try TokenFile(path: path)
            for streamCount in [1, 2, 5, 8, 30, 150] {
                let layout = try StreamLayout(tokenCount: count, streamCount: streamCount)
                let parts = [0..<streamCount, (streamCount / 3)..<(streamCount - streamCount / 3), streamCount..<streamCount]
                for (streams, length) in parts.flatMap({ part in [1, 3, 7, 200].map { (part, $0) } }) {
                    let reader = WindowReader(tokens: file, layout: layout, streams: streams, windowLength: length)
                    for window in 0..<reader.windowCount {
                        let (found, isRestUntouched) = try read(reader, window)
                        #expect(found == naive(tokens, layout, streams, window, length))
                        #expect(isRestUntouched)
                        let real = layout.predictionCount(inWindow: window, windowLength: length, streams: streams)
                        #expect(Int(found.mask.reduce(0, +)) == real)
                    }
                }
            }
        }
    }

    @Test("The streams of all ranks together are the whole batch", arguments: [1, 2, 3, 5])
    func ranks(rankCount: Int) throws {
        let folder = try ScratchFolder()
        let tokens = (0..<83).map { Int32($0 % 50) }
        try writeTokens(tokens, path: folder.file("t"), vocabularySize: 50)
        let file = try TokenFile(path: folder.file("t"))
        let layout = try StreamLayout(tokenCount: 83, streamCount: 7)
        let shards = try ShardLayout(streamCount: 7, shardCount: 5, rankCount: rankCount)
        var pairs: [[Int32]] = []
        for rank in 0..<rankCount {
            let reader = WindowReader(
                tokens: file, layout: layout, streams: shards.streams(ofRank: rank), windowLength: 4)
            for window in 0..<reader.windowCount {
                let found = try read(reader, window).window
                for element in found.mask.indices where found.mask[element] == 1 {
                    pairs.append([found.inputs[element], found.targets[element]])
                }
            }
        }
        let expected = (0..<82).map { [tokens[$0], tokens[$0 + 1]] }
        #expect(pairs.sorted { $0.lexicographicallyPrecedes($1) } == expected.sorted { $0.lexicographicallyPrecedes($1) })
    }
}
