import Communication
import Glibc
import TextData

/// The passes over the blocks of a text. Collective.
extension DistributedTokenizer {
    /// Validates this rank's share of the blocks, and counts their symbols if asked. Returns the digests of all blocks on rank 0. All
    /// readers keep them.
    @discardableResult
    func scan(_ command: TokenizerCommand) throws -> [UInt64] {
        var digests: [UInt64] = []
        let shared = texts[command.textNumber]
        let counts = command.action == .scanAndCount ? ownCounts(shared) : nil
        let path = shared.text?.name ?? ""
        counts?.reportProgress = { () throws(TextDataError) in try self.reportProgress(path) }
        defer { counts?.reportProgress = {} }
        let isComplete = try read(command) { (text, blocks) throws(TextDataError) in
            for block in blocks where !interruption().asksToStop {
                digests += try text.examine(blocks: block..<(block + 1), counting: counts)
                Watchdog.progress()
            }
        }
        guard try isComplete && findFirstNul(shared.text) else { return [] }
        if command.action == .scanAndCount {
            // Rank 0 has counted the first blocks, and adds the counts of the others in the order of the text.
            let others = try world.gather(world.isRoot ? [] : counts?.records() ?? [])
            counts?.add(records: others)
        }
        let all = try world.gather(digests)
        let known = try world.broadcast(all)
        shared.text?.keep(digests: known)
        return all
    }

    /// Reports progress inside a block: a line of many blocks is one piece of text. Throws if this rank was asked to stop; `read` then throws the
    /// interruption instead of this error.
    private func reportProgress(_ path: String) throws(TextDataError) {
        Watchdog.progress()
        if interruption().asksToStop { throw .inputOutput(path: path, operation: "read", code: EINTR) }
    }

    /// If the first NUL character is in another rank's blocks, rank 0 reads these blocks again, so that it can report it.
    ///
    /// Throws on rank 0 if the text has changed meanwhile; the workers then return false.
    private func findFirstNul(_ text: OpenedText?) throws -> Bool {
        let first = try world.max(text?.nulCharacters.map { Int.max - $0.byteOffset } ?? 0)
        guard first > 0 else { return true }
        return try succeeds {
            guard world.isRoot, let text, text.nulCharacters?.byteOffset != Int.max - first else { return }
            _ = try text.examine(blocks: text.blocks(around: Int.max - first))
        }
    }

    /// The counts that this rank adds to; nil on a rank that does not read the text.
    private func ownCounts(_ shared: SharedText) -> SymbolCounts? {
        world.isRoot ? counts : shared.text.flatMap { _ in tokenizer.map { SymbolCounts($0) } }
    }

    /// Encodes this rank's share of the blocks. Returns the packed tokens of all blocks on rank 0.
    @discardableResult
    func encode(_ command: TokenizerCommand) throws -> [UInt8] {
        guard let vocabulary else { preconditionFailure("`encode` before a vocabulary was broadcast") }
        let packer = TokenPacker(vocabularySize: vocabulary.size)
        var packed: [UInt8] = []
        let isComplete = try read(command) { (text, blocks) throws(TextDataError) in
            for block in blocks where !interruption().asksToStop {
                try vocabulary.encode(text, blocks: block..<(block + 1)) { (tokens) throws(TextDataError) in
                    try packer.pack(tokens) { packed.append(contentsOf: $0) }
                    try reportProgress(text.name)
                }
                Watchdog.progress()
            }
        }
        return isComplete ? try world.gather(packed) : []
    }

    /// Calls `body` with this rank's share of the blocks. Returns whether all readers have read theirs.
    ///
    /// On rank 0 it throws the first error in the order of the text, or `TextInterruption` if any rank was asked to stop; the workers then return false.
    private func read(
        _ command: TokenizerCommand, _ body: (OpenedText, Range<Int>) throws(TextDataError) -> Void
    ) throws -> Bool {
        let shared = texts[command.textNumber]
        var fault: TextDataError?
        if let text = shared.text {
            do throws(TextDataError) {
                try body(text, shared.share(of: command.blocks, rank: world.rank))
            } catch {
                fault = error
            }
        }
        Watchdog.progress()
        let flags = StepFlags(rawValue: Int32(try world.max(Int(interruption().rawValue))))
        if let reason = flags.stopReason {
            if world.isRoot { throw TextInterruption(reason: reason) }
            return false
        }
        // The first fault in the text as a maximum: 0 for none, and `Int.max`, above all others, for a file that cannot be read.
        let first = try world.max(fault.map { $0.byteOffset.map { Int.max - 1 - $0 } ?? Int.max } ?? 0)
        guard first > 0 else { return true }
        if first == Int.max { return try succeeds { if let fault, fault.byteOffset == nil { throw fault } } }
        guard world.isRoot, let text = shared.text else { return false }
        if let fault, fault.byteOffset == Int.max - 1 - first { throw fault }
        // Another rank found the fault: rank 0 reads the same blocks, so that the message does not depend on the number of ranks.
        let again = Result { () throws(TextDataError) in try body(text, text.blocks(around: Int.max - 1 - first)) }
        if let reason = interruption().stopReason { throw TextInterruption(reason: reason) }
        try again.get()
        throw TrainingError.textChanged(path: text.name)
    }

    /// Whether work succeeds on all ranks. If it fails on one, throws its error on rank 0, and returns false on the workers.
    func succeeds(_ work: () throws -> Void) throws -> Bool {
        do {
            try world.agree(work)
            return true
        } catch {
            if world.isRoot { throw error }
            return false
        }
    }
}
