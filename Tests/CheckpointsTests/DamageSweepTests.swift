import Checkpoints
import Foundation
import TestSupport
import Testing

@Suite("Damage of the newest checkpoint loads the previous one and reports the reason")
struct DamageSweepTests {
    private let scratch: ScratchFolder
    private let folder: CheckpointFolder
    private let newest: String

    /// Two generations of about 100 KB, like those of a run.
    init() throws {
        scratch = try ScratchFolder()
        folder = CheckpointFolder(runFolder: scratch.path)
        newest = folder.path(forStep: 20)
        var random = SeededRandom(state: 1)
        for step in [10, 20] {
            let arrays = Arrays()
            for (name, count) in [("encoder.weight", 9000), ("rnn.weight_hh_l0", 12_000), ("state.h_l0", 3000), ("odd", 77)] {
                arrays.add(name, [count], (0..<count).map { _ in Float.random(in: -1...1, using: &random) })
            }
            try arrays.withCheckpoint(["configuration": "{\"layers\":1}", "vocabulary": "a b c"]) {
                _ = try folder.write($0, step: step)
            }
        }
    }

    /// Expects the older generation, and one reason that names the newer one.
    private func expectOlder(_ what: String, location: SourceLocation = #_sourceLocation) throws {
        let found = try folder.newestValid()
        let reason = found.passedOver.first?.description ?? ""
        guard found.generation.step != 10 || found.passedOver.count != 1 || !reason.hasPrefix("\(newest) is damaged") else {
            return
        }
        Issue.record("\(what): step \(found.generation.step), \(reason)", sourceLocation: location)
    }

    private func bytes() throws -> [UInt8] { try scratch.read("checkpoints/step-00000020.safetensors") }

    @Test("A checkpoint truncated at any byte of its header or at any 4 KiB is rejected")
    func truncations() throws {
        let whole = try bytes()
        #expect(try folder.newestValid().generation.step == 20)
        let headerByteCount = 8 + Int(whole[0]) + Int(whole[1]) << 8
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: newest))
        let pages = stride(from: 4096, to: whole.count, by: 4096).reversed() + [whole.count - 1]
        for count in pages.sorted(by: >) + (0...headerByteCount).reversed() {
            try file.truncate(atOffset: UInt64(count))
            try expectOlder("cut to \(count) bytes")
        }
    }

    @Test("A checkpoint with any of 10,000 bits flipped is rejected")
    func flippedBits() throws {
        let whole = try bytes()
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: newest))
        var random = SeededRandom(state: 2)
        for _ in 0..<10_000 {
            let (place, bit) = (Int.random(in: 0..<whole.count, using: &random), UInt8.random(in: 0..<8, using: &random))
            try write(whole[place] ^ 1 << bit, at: place, file)
            try expectOlder("bit \(bit) of byte \(place)")
            try write(whole[place], at: place, file)
        }
        #expect(try folder.newestValid().generation.step == 20)
    }

    private func write(_ byte: UInt8, at place: Int, _ file: FileHandle) throws {
        try file.seek(toOffset: UInt64(place))
        try file.write(contentsOf: [byte])
    }
}
