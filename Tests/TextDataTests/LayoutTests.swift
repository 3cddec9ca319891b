import TextData
import Testing

@Suite struct StreamLayoutTests {
    @Test(
        "Every prediction is in exactly one stream and one window, and the counts agree",
        arguments: [2, 3, 4, 7, 10, 31, 100, 101])
    func everyPredictionOnce(tokenCount: Int) throws {
        for streamCount in [1, 2, 3, 5, 7, 8, 99, 100, 101, 200] {
            let layout = try StreamLayout(tokenCount: tokenCount, streamCount: streamCount)
            #expect(layout.streamLength == (tokenCount - 1 + streamCount - 1) / streamCount)
            for windowLength in [1, 2, 3, 5, 100, 1000] {
                var seen = [Int](repeating: 0, count: tokenCount - 1)
                for window in 0..<layout.windowCount(windowLength: windowLength) {
                    let steps = layout.steps(ofWindow: window, windowLength: windowLength)
                    var perStream = [Int](repeating: 0, count: streamCount)
                    for stream in 0..<streamCount {
                        for step in steps {
                            let prediction = stream * layout.streamLength + step
                            guard prediction < tokenCount - 1 else { continue }
                            #expect(layout.predictions(ofStream: stream).contains(prediction))
                            seen[prediction] += 1
                            perStream[stream] += 1
                        }
                    }
                    #expect(
                        layout.predictionCount(inWindow: window, windowLength: windowLength) == perStream.reduce(0, +))
                    let half = (streamCount / 3)..<(streamCount - streamCount / 4)
                    #expect(
                        layout.predictionCount(inWindow: window, windowLength: windowLength, streams: half)
                            == perStream[half].reduce(0, +))
                }
                #expect(seen == [Int](repeating: 1, count: tokenCount - 1))
            }
            #expect((0..<streamCount).map { layout.predictions(ofStream: $0).count }.reduce(0, +) == layout.predictionCount)
        }
    }

    @Test("The last window contains the remaining steps")
    func lastWindow() throws {
        let layout = try StreamLayout(tokenCount: 24, streamCount: 2)
        #expect(layout.streamLength == 12)
        #expect(layout.windowCount(windowLength: 5) == 3)
        #expect((0..<3).map { layout.steps(ofWindow: $0, windowLength: 5) } == [0..<5, 5..<10, 10..<12])
        #expect(layout.predictions(ofStream: 1) == 12..<23)
        #expect(layout.predictionCount(inWindow: 2, windowLength: 5) == 3)
    }

    @Test("A text of fewer than two tokens is refused", arguments: [0, 1])
    func tooShort(tokenCount: Int) {
        let error = textDataError { _ = try StreamLayout(tokenCount: tokenCount, streamCount: 1, source: "t.txt") }
        #expect(error == .textTooShort(source: "t.txt", tokenCount: tokenCount))
        #expect(error?.exitStatus == .badData)
    }
}

@Suite struct ShardLayoutTests {
    @Test("Shards partition the streams, and ranks the shards, with sizes that differ by at most one")
    func cover() throws {
        for streamCount in 1...40 {
            for shardCount in 1...streamCount {
                for rankCount in [1, 2, 3, 5, 7, 8, shardCount] where rankCount <= shardCount {
                    let layout = try ShardLayout(streamCount: streamCount, shardCount: shardCount, rankCount: rankCount)
                    let shards = (0..<shardCount).map { layout.streams(ofShard: $0) }
                    let ranks = (0..<rankCount).map { layout.shards(ofRank: $0) }
                    #expect(shards.flatMap(Array.init) == Array(0..<streamCount))
                    #expect(ranks.flatMap(Array.init) == Array(0..<shardCount))
                    #expect((0..<rankCount).flatMap { Array(layout.streams(ofRank: $0)) } == Array(0..<streamCount))
                    #expect(isEven(shards) && isEven(ranks))
                    for stream in 0..<streamCount {
                        #expect(layout.shard(ofStream: stream) == stream * shardCount / streamCount)
                        #expect(shards[layout.shard(ofStream: stream)].contains(stream))
                    }
                    for shard in 0..<shardCount { #expect(ranks[layout.rank(ofShard: shard)].contains(shard)) }
                }
            }
        }
    }

    private func isEven(_ ranges: [Range<Int>]) -> Bool {
        let counts = ranges.map(\.count)
        return (counts.min() ?? 0) > 0 && (counts.max() ?? 0) - (counts.min() ?? 0) <= 1
    }

    @Test(
        "The default is 8 shards, more for more ranks, and never more than streams",
        arguments: [(20, 1, 8), (20, 8, 8), (20, 9, 16), (64, 33, 64), (64, 17, 32), (5, 1, 5), (20, 17, 20), (1, 1, 1)])
    func defaults(streamCount: Int, rankCount: Int, expected: Int) {
        #expect(ShardLayout.defaultShardCount(streamCount: streamCount, rankCount: rankCount) == expected)
    }

    @Test("Too many shards or ranks are refused with both numbers and advice")
    func refused() {
        let shards = textDataError { _ = try ShardLayout(streamCount: 5, shardCount: 6, rankCount: 1) }
        #expect(shards == .moreShardsThanStreams(shardCount: 6, streamCount: 5))
        #expect(
            shards?.description
                == "5 streams cannot form 6 shards. Set --shards to 5 or less, or --batch-size to 6 or more.")
        let ranks = textDataError { _ = try ShardLayout(streamCount: 20, shardCount: 8, rankCount: 9) }
        #expect(ranks == .moreRanksThanShards(rankCount: 9, shardCount: 8, streamCount: 20))
        #expect(
            ranks?.description
                == "9 ranks cannot share 8 shards. Start 8 ranks or fewer, or start a new run with --shards 9 or more.")
        let streams = textDataError { _ = try ShardLayout(streamCount: 8, shardCount: 8, rankCount: 9) }
        #expect(streams?.description.contains("--batch-size 9 or more") == true)
        #expect(shards?.exitStatus == .usage && ranks?.exitStatus == .usage)
    }
}
