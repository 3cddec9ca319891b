package import Communication
package import Files
package import TextData

/// All ranks at work on the texts of a run: rank 0 leads, and the others do what it orders until it dismisses them.
///
/// A text is read by the ranks that see the very file that rank 0 sees (the same number, size and times), each its share of
/// the blocks. What they find goes to rank 0 in rank order, by messages, so it does not depend on how many they are; a rank on
/// a host without the text has empty shares. Faults of the text are found again by rank 0, and thrown there alone.
package final class TextCrew {
    /// A text as one rank has it.
    private struct Member {
        /// Nil where the rank does not see the text.
        let text: OpenedText?
        /// The ranks that do, ascending; the first is rank 0.
        let readers: [Int]
    }

    private enum Task: Int64 {
        case dismiss, open, examine, count, learn, encode
    }

    /// What rank 0 sends before each task.
    private struct Order: BitwiseCopyable {
        var task: Int64
        var text: Int64 = 0
        /// Blocks of the text. To open one, its unit stands in the place of the text, and here the part of the file's bytes, or -1 above
        /// for all. For other tasks a number and nothing.
        var lower: Int64 = 0
        var upper: Int64 = 0
    }

    private let world: World
    private let blockByteCount: Int
    /// What asks this rank to leave the texts; asked between blocks.
    private let interruption: () -> StepFlags
    private var isBlind = false
    private var members: [Member] = []
    private var counts: SymbolCounts?
    private var vocabulary: Vocabulary?

    package init(
        world: World, blockByteCount: Int = OpenedText.blockByteCount, interruption: @escaping () -> StepFlags = { [] }
    ) {
        (self.world, self.blockByteCount, self.interruption) = (world, blockByteCount, interruption)
    }

    /// From now on this rank opens no text, as on a host that has none. For tests.
    package func seesNoText() { isBlind = true }

    // MARK: What rank 0 calls

    /// Opens the text at `path`, or a part of it with a name of its own, on every rank that sees it. Throws what rank 0 finds wrong with
    /// the file.
    package func open(path: String, part: Range<Int>? = nil, name: String? = nil, unit: TokenUnit) throws -> CrewText {
        let text = try OpenedText(path: path, part: part, name: name, unit: unit, blockByteCount: blockByteCount)
        let number = TokenUnit.allCases.firstIndex(of: unit) ?? 0
        _ = try world.broadcast(
            Order(
                task: Task.open.rawValue, text: Int64(number), lower: Int64(part?.lowerBound ?? 0),
                upper: Int64(part?.upperBound ?? -1)))
        _ = try world.broadcast(path)
        try take(text)
        return CrewText(text: text, number: members.count - 1)
    }

    /// A text in rank 0's memory, which no other rank reads.
    package func keep(_ text: OpenedText) -> CrewText {
        CrewText(text: text, number: nil)
    }

    /// Examines the whole text, adds its symbols to `counts`, and returns its digest. Throws `invalidUTF8` (65).
    package func examine(_ text: CrewText, counting counts: SymbolCounts? = nil) throws -> UInt64 {
        guard let number = text.number else { return try TextSource(examining: text.text, counting: counts).digest }
        self.counts = counts
        let digests = try examine(order(counts == nil ? .examine : .count, number, 0..<text.text.blockCount))
        return TextSource.digest(ofBlocks: digests)
    }

    /// The same at a path.
    package func writeTokens(_ text: CrewText, digest: UInt64, vocabulary: Vocabulary, to path: String) throws {
        try writeTokens(text, digest: digest, vocabulary: vocabulary, to: FilePlace(path: path))
    }

    /// Makes the token file of a text that was examined. Throws `unknownCharacter` (65), `inputOutput` (74).
    package func writeTokens(_ text: CrewText, digest: UInt64, vocabulary: Vocabulary, to place: FilePlace) throws {
        var writer = try TokenFileWriter(
            at: place, vocabularySize: vocabulary.size, textDigest: digest, vocabularyDigest: vocabulary.digest)
        if let number = text.number {
            try teach(vocabulary)
            try encode(number, blockCount: text.text.blockCount, to: &writer)
        } else {
            try vocabulary.encode(TextSource(text.text, digest: digest)) { (tokens) throws(TextDataError) in
                try writer.append(tokens)
            }
        }
        Watch.beginWaitingForDisk()
        defer { Watch.endWaitingForDisk() }
        try writer.finish()
    }

    /// Round by round, so that the tokens in memory are few, however long the text is.
    private func encode(_ text: Int, blockCount: Int, to writer: inout TokenFileWriter) throws {
        let round = Self.blocksInRound * members[text].readers.count
        for start in stride(from: 0, to: blockCount, by: round) {
            let packed = try encode(order(.encode, text, start..<min(start + round, blockCount)))
            try Watch.waitingForDisk { _ in try packed.withUnsafeBytes { try writer.append(packed: $0) } }
        }
    }

    /// How many ranks read the text.
    package func readerCount(of text: CrewText) -> Int { text.number.map { members[$0].readers.count } ?? 1 }

    /// Lets the others go.
    package func dismiss() throws {
        _ = try world.broadcast(Order(task: Task.dismiss.rawValue))
    }

    private func order(_ task: Task, _ text: Int, _ blocks: Range<Int>) throws -> Order {
        try world.broadcast(
            Order(
                task: task.rawValue, text: Int64(text), lower: Int64(blocks.lowerBound), upper: Int64(blocks.upperBound)))
    }

    // MARK: What the others do

    /// Does what rank 0 orders until it dismisses the crew.
    package func serve() throws {
        while true {
            let order = try world.broadcast(Order(task: 0))
            switch Task(rawValue: order.task) ?? .dismiss {
            case .dismiss: return
            case .open: try openAsOrdered(order)
            case .examine, .count: try examine(order)
            case .learn: try learn(order, [])
            case .encode: try encode(order)
            }
        }
    }

    private func openAsOrdered(_ order: Order) throws {
        let path = try world.broadcast("")
        // A file that is not here, or cannot be opened, is left to those who see it.
        let unit = TokenUnit.allCases[Int(order.text)]
        let part = order.upper < 0 ? nil : Int(order.lower)..<Int(order.upper)
        try take(isBlind ? nil : try? OpenedText(path: path, part: part, unit: unit, blockByteCount: blockByteCount))
    }

    // MARK: What all do

    /// Each rank's blocks of a round: their tokens wait in memory until they are gathered.
    private static let blocksInRound = 4

    /// Finds out which ranks have the same text.
    private func take(_ text: OpenedText?) throws {
        let unseen = SIMD4<Int64>()
        let stamps = try world.allgather(text?.stamp?.words ?? unseen)
        let readers = stamps.indices.filter { $0 == 0 || (stamps[$0] == stamps[0] && stamps[$0] != unseen) }
        members.append(Member(text: readers.contains(world.rank) ? text : nil, readers: readers))
    }

    /// The digests of the blocks, on rank 0.
    @discardableResult
    private func examine(_ order: Order) throws -> [UInt64] {
        var digests: [UInt64] = []
        let isCounting = order.task == Task.count.rawValue
        let counts = isCounting ? ownCounts(members[Int(order.text)]) : nil
        let isSound = try work(order) { (text, blocks) throws(TextDataError) in
            for block in blocks where !interruption().asksToStop {
                digests += try text.examine(blocks: block..<(block + 1), counting: counts)
                Watch.progress()
            }
        }
        guard isSound else { return [] }
        try tellNul(members[Int(order.text)].text)
        if isCounting {
            // Rank 0 has counted the first of the text, and adds what the others did in order.
            let others = try world.gather(world.isRoot ? [] : counts?.records() ?? [])
            counts?.add(records: others)
        }
        return try world.gather(digests)
    }

    /// NUL characters that another rank found, rank 0 looks at itself, if it has found none before them.
    private func tellNul(_ text: OpenedText?) throws {
        let first = try world.max(text?.nulCharacters.map { Int.max - $0.byteOffset } ?? 0)
        guard first > 0, world.isRoot, let text, text.nulCharacters?.byteOffset != Int.max - first else { return }
        _ = try text.examine(blocks: text.blocks(around: Int.max - first + (text.part?.lowerBound ?? 0)))
    }

    /// Where this rank counts a text; nil where it does not see it.
    private func ownCounts(_ member: Member) -> SymbolCounts? {
        world.isRoot ? counts : member.text.map { SymbolCounts(unit: $0.unit) }
    }

    /// Sends the vocabulary to all ranks, if they do not have it.
    private func teach(_ vocabulary: Vocabulary) throws {
        if vocabulary == self.vocabulary { return }
        self.vocabulary = vocabulary
        let unit = TokenUnit.allCases.firstIndex(of: vocabulary.unit) ?? 0
        try learn(try world.broadcast(Order(task: Task.learn.rawValue, lower: Int64(unit))), vocabulary.records())
    }

    private func learn(_ order: Order, _ records: [UInt8]) throws {
        let shared = try world.broadcast(records)
        if !world.isRoot { vocabulary = Vocabulary(unit: TokenUnit.allCases[Int(order.lower)], records: shared) }
    }

    /// The packed tokens of the blocks, on rank 0.
    @discardableResult
    private func encode(_ order: Order) throws -> [UInt8] {
        guard let vocabulary else { preconditionFailure("blocks to encode without a vocabulary") }
        let packer = TokenPacker(vocabularySize: vocabulary.size)
        var packed: [UInt8] = []
        let isSound = try work(order) { (text, blocks) throws(TextDataError) in
            try vocabulary.encode(text, blocks: blocks) { (tokens) throws(TextDataError) in
                try packer.pack(tokens) { packed.append(contentsOf: $0) }
            }
        }
        return isSound ? try world.gather(packed) : []
    }

    /// Does this rank's share of some blocks. Where the text has a fault, rank 0 throws it, and the others return false; likewise
    /// where anything asks any of them to leave.
    private func work(
        _ order: Order, _ work: (OpenedText, Range<Int>) throws(TextDataError) -> Void
    ) throws -> Bool {
        let member = members[Int(order.text)]
        var fault: TextDataError?
        if let text = member.text {
            do throws(TextDataError) {
                try work(text, share(Int(order.lower)..<Int(order.upper), among: member.readers))
            } catch {
                fault = error
            }
        }
        Watch.progress()
        let flags = StepFlags(rawValue: Int32(try world.max(Int(interruption().rawValue))))
        if let reason = flags.stopReason {
            if world.isRoot { throw TextInterruption(reason: reason) }
            return false
        }
        // The fault that stands first in the text is found as a maximum; 0 is none, and one of the file or the disk comes before all.
        let first = try world.max(fault.map { $0.byteOffset.map { Int.max - 1 - $0 } ?? Int.max } ?? 0)
        guard first > 0 else { return true }
        if first == Int.max { return try fail(fault) }
        guard world.isRoot, let text = member.text else { return false }
        if let fault, fault.byteOffset == Int.max - 1 - first { throw fault }
        // Another rank's fault: this one finds it, too, and it is told as if there were no others.
        try work(text, text.blocks(around: Int.max - 1 - first))
        throw TrainingError.textChanged(path: text.name)
    }

    /// A rank cannot read the text: rank 0 throws what it says, the others return false and go on to serve.
    private func fail(_ fault: TextDataError?) throws -> Bool {
        do {
            try world.agree { if let fault, fault.byteOffset == nil { throw fault } }
        } catch {
            if world.isRoot { throw error }
        }
        return false
    }

    private func share(_ blocks: Range<Int>, among readers: [Int]) -> Range<Int> {
        let place = readers.firstIndex(of: world.rank) ?? 0
        let start = blocks.lowerBound + place * blocks.count / readers.count
        return start..<(blocks.lowerBound + (place + 1) * blocks.count / readers.count)
    }
}

/// Reading the texts was broken off.
struct TextInterruption: Error {
    let reason: StopReason
}

extension World {
    /// As `agreeOnRoot`, for work that has texts read by a crew of all ranks.
    package func agreeOnRoot<T>(with crew: TextCrew, _ work: () throws -> T) throws -> T? {
        try agree {
            guard isRoot else {
                try crew.serve()
                return nil
            }
            let result = Result { try work() }
            try crew.dismiss()
            return try result.get()
        }
    }
}

/// A text as rank 0 speaks of it to the crew.
package struct CrewText {
    /// The text itself.
    package let text: OpenedText
    /// The text's number among those that the crew opened; nil for one that rank 0 has alone.
    let number: Int?
}
