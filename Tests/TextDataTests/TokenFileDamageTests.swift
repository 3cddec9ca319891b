import Foundation
import TestSupport
import TextData
import Testing

@Suite struct TokenFileDamageTests {
    private let folder: ScratchFolder
    private let path: String
    private let whole: [UInt8]

    init() throws {
        folder = try ScratchFolder()
        path = folder.file("t")
        var random = SeededGenerator(seed: 5)
        let tokens = (0..<40_000).map { _ in Int32.random(in: 0..<300, using: &random) }
        try writeTokens(tokens, path: path, vocabularySize: 300)
        whole = try folder.read("t")
    }

    /// Whether opening or verification refuses the file, with a reason that names it.
    private var isRefused: Bool {
        let error = textDataError { try TokenFile(path: path).verify() }
        return error?.exitStatus == .badData && error?.description.hasPrefix(path) == true
    }

    @Test("A token file truncated at any byte of its header or at any 4 KiB is refused")
    func truncations() throws {
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        #expect(!isRefused)
        let pages = Array(stride(from: 4096, to: whole.count, by: 4096)) + [whole.count - 1]
        for count in pages.sorted(by: >) + (0...64).reversed() {
            try file.truncate(atOffset: UInt64(count))
            if !isRefused { Issue.record("cut to \(count) bytes") }
        }
    }

    @Test("Each of 10,000 flipped bits of a token file is detected")
    func flippedBits() throws {
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        var random = SeededGenerator(seed: 6)
        for _ in 0..<10_000 {
            let (place, bit) = (Int.random(in: 0..<whole.count, using: &random), UInt8.random(in: 0..<8, using: &random))
            try write(whole[place] ^ 1 << bit, at: place, file)
            if !isRefused { Issue.record("bit \(bit) of byte \(place)") }
            try write(whole[place], at: place, file)
        }
        #expect(!isRefused)
    }

    private func write(_ byte: UInt8, at place: Int, _ file: FileHandle) throws {
        try file.seek(toOffset: UInt64(place))
        try file.write(contentsOf: [byte])
    }
}
