import Files
import TextData
import Testing

@Suite struct TextDataErrorTests {
    @Test(
        "Messages contain the file, the position and advice",
        arguments: [
            (
                .invalidUTF8(source: "a.txt", byteOffset: 1234, defect: .surrogate),
                "a.txt: invalid UTF-8 at byte 1234: a surrogate (U+D800 to U+DFFF). "
                    + "Convert the text, for example with iconv -f LATIN1 -t UTF-8, or use a model of bytes (--tokens byte)."
            ),
            (
                .unknownCharacter(source: "v.txt", byteOffset: 9, scalar: "\u{7}"),
                "v.txt: the character U+0007 at byte 9 is not in the vocabulary of the training text. Remove it, "
                    + "add it to the training text, or train with a --minimum-count that some characters of the training text do not reach: they and this one become <unk>."
            ),
            (
                .inputOutput(path: "run/t", operation: "writing", code: 28),
                "run/t: writing failed: No space left on device. Free disk space, or choose a folder on another disk."
            ),
            (
                .file(.missing(path: "a.txt")),
                "a.txt: no such file. Check the path, and that every node sees it."
            ),
            (
                .emptyFile(path: "a.txt"),
                "a.txt is empty. Name a file that is not empty."
            ),
            (
                .badTokenFile(path: "run/t", defect: .wrongSize(byteCount: 3, expected: 4)),
                "run/t: this is not a valid token file: it has 3 bytes instead of 4. "
                    + "Delete it: the next start writes it again from the text."
            ),
            (
                .textTooShort(source: "t", tokenCount: 1),
                "t: the text has 1 token, but 2 or more are needed. Use a longer text."
            ),
            (.textTooShort(source: "t", tokenCount: 0), "t: the text has no tokens. Use a longer text."),
            (
                .notReber(byteOffset: 3, found: 65, expected: "T or P"),
                "not a text of the embedded Reber grammar: byte 3 is \"A\"; expected T or P."
            ),
        ] as [(TextDataError, String)])
    func sentences(error: TextDataError, sentence: String) {
        #expect(error.description == sentence)
    }
}
