import Foundation
import TestSupport
import Testing

extension TrainingOverRanks {
    /// Texts with NUL characters are used as they are, with a note.
    @Suite("Texts with NUL characters", .serialized)
    struct NulCharacterTests {
        private let texts: TrainingFolder

        init() throws {
            let small = ["--hidden-size", "8", "--embedding-size", "8", "--batch-size", "4", "--bptt", "8", "--epochs", "1"]
            texts = try TrainingFolder(options: small, lines: 200, validLines: 20)
        }

        /// Trains on `odd.txt`, and expects one note about it, which contains `words`.
        private func expectOneNote(_ words: String, ranks: Int) throws {
            let arguments = texts.arguments(run: "run", ["--train", "odd.txt"])
            let outcome = try ProgramRun.onRanks(ranks, "rnntrain", arguments, folder: texts.folder)
            #expect(outcome.status == 0, "\(outcome)")
            let notes = (outcome.output + outcome.errors).split(separator: "\n").filter { $0.contains("odd.txt: ") }
            #expect(notes.count == 1 && notes[0].contains(words), "\(outcome)")
            #expect(try RunLog(run: texts.path("run")).events.last?["reason"] == "epochs")
        }

        @Test("A NUL character is reported once, with its offset, by any number of ranks", arguments: [1, 2])
        func nul(ranks: Int) throws {
            var bytes = try texts.bytes("train.txt")
            let place = try #require(bytes.indices.last { $0 < 3000 && bytes[$0] == UInt8(ascii: " ") })
            bytes[place] = 0
            bytes[bytes.count - 1] = 0
            try texts.write("odd.txt", bytes)
            try expectOneNote("the text has NUL characters, the first at byte \(place).", ranks: ranks)
        }

        @Test(
            "A text that looks like UTF-16 or UTF-32 without a byte-order mark is reported once, with the command that converts it",
            arguments: [("UTF-16LE", String.Encoding.utf16LittleEndian), ("UTF-32BE", .utf32BigEndian)], [1, 2])
        func wide(encoding: (name: String, value: String.Encoding), ranks: Int) throws {
            let text = (0..<300).map { "the cat sat on w\($0 % 30)\n" }.joined()
            try texts.write("odd.txt", try #require(text.data(using: encoding.value)))
            let advice =
                "this looks like \(encoding.name) without a byte-order mark. Convert it (iconv -f \(encoding.name) -t UTF-8)."
            try expectOneNote(advice, ranks: ranks)
        }
    }
}
