import TestSupport
import TextData
import Testing

@Suite("Windows of random lengths")
struct VariableWindowTests {
    private static let tokens = (0..<6001).map { Int32($0 % 50) }

    private func source(
        _ folder: borrowing ScratchFolder, streams: Range<Int> = 0..<3, windowLength: Int = 20, seed: UInt64 = 1
    ) throws -> any BatchSource {
        let path = folder.file("t\(streams)")
        try writeTokens(Self.tokens, path: path, vocabularySize: 50)
        let file = try TokenFile(path: path)
        let shape = BatchShape(streamCount: 3, windowLength: windowLength, seed: seed, variesLength: true)
        return try StreamBatching.layout(TokenFileText(file, lineEnd: nil), shape, source: "text")
            .source(file, streams: streams)
    }

    private func inputs(_ source: any BatchSource, _ index: Int, epoch: Int, streams: Int) throws -> [Int32] {
        let count = source.window(index, epoch: epoch).steps * streams
        var (inputs, targets) = ([Int32](repeating: -7, count: count), [Int32](repeating: -7, count: count))
        var mask = [Float](repeating: -7, count: count)
        try inputs.withUnsafeMutableBufferPointer { inputs in
            try targets.withUnsafeMutableBufferPointer { targets in
                try mask.withUnsafeMutableBufferPointer { mask in
                    try source.fill(index, epoch: epoch, inputs: inputs, targets: targets, mask: mask)
                }
            }
        }
        return inputs
    }

    @Test("Every epoch reads each stream once, in as many windows, of other lengths")
    func epochs() throws {
        let folder = try ScratchFolder()
        let source = try source(folder)
        var orders: [[Int]] = []
        for epoch in [1, 2, 1] {
            let windows = (0..<source.windowCount).map { source.window($0, epoch: epoch) }
            #expect(windows.reduce(0) { $0 + $1.predictions } == 6000)
            #expect(windows.map(\.beginsSequences) == [true] + [Bool](repeating: false, count: windows.count - 1))
            let all = try windows.indices.flatMap { try inputs(source, $0, epoch: epoch, streams: 3) }
            #expect(all == (0..<2000).flatMap { t in (0..<3).map { Self.tokens[$0 * 2000 + t] } })
            orders.append(windows.map(\.steps))
        }
        #expect(orders[0] == orders[2] && orders[0] != orders[1] && orders[0].sorted() == orders[1].sorted())
    }

    @Test("Lengths have a mean near T, a deviation near 5, and are half in one of twenty windows")
    func lengths() throws {
        let folder = try ScratchFolder()
        let source = try source(folder, windowLength: 40)
        let lengths = (0..<source.windowCount - 1).map { source.window($0, epoch: 1).steps }
        #expect(lengths.allSatisfy { $0 <= BatchShape.mostSteps(windowLength: 40, varies: true) })
        #expect(Set(lengths).count > 8)
        let mean = Double(lengths.reduce(0, +)) / Double(lengths.count)
        #expect(abs(mean - 39) < 3, "\(mean) of \(lengths)")
    }

    @Test("A rank's windows are its streams of those of all; another seed has other windows")
    func ranks() throws {
        let folder = try ScratchFolder()
        let (all, own) = (try source(folder), try source(folder, streams: 1..<3))
        for index in [0, 3, 7] {
            let whole = try inputs(all, index, epoch: 2, streams: 3)
            let part = try inputs(own, index, epoch: 2, streams: 2)
            #expect(part == whole.indices.filter { $0 % 3 > 0 }.map { whole[$0] })
        }
        let other = try source(folder, seed: 2)
        #expect((0..<20).map { other.window($0, epoch: 1).steps } != (0..<20).map { all.window($0, epoch: 1).steps })
    }
}
