import Failures
import TextData

/// The words of an ARPA file.
struct ARPAWords: ~Copyable {
    private static let (start, end, unknown) = (StaticString("<s>"), StaticString("<eos>"), StaticString("<unk>"))
    private static let capitalUnknown = StaticString("<UNK>")
    /// The names in the vocabulary: `<eos>` for `</s>`; without `<s>`.
    private var list = WordList()
    private var level = NGramLevel()
    private var startEntry: (logarithm: Float, backoff: Float)?
    /// The word `<UNK>`, which is `<unk>` in a file without a word `<unk>`.
    private var capitalEntry: (logarithm: Float, backoff: Float)?

    /// The names of the line end so far: `</s>`, and a word `<eos>`, which would be the same word here.
    private var endNames: Set<String> = []

    /// Adds a word. Returns what is wrong with it, or nil.
    mutating func add(_ word: UnsafeRawBufferPointer, _ logarithm: Float, _ backoff: Float) -> String? {
        let isNew: Bool
        if word.elementsEqual("<s>".utf8) {
            isNew = startEntry == nil
            startEntry = (logarithm, backoff)
        } else if word.elementsEqual("<UNK>".utf8) {
            isNew = capitalEntry == nil
            capitalEntry = (logarithm, backoff)
        } else {
            let name = Self.vocabularyName(word)
            if name.elementsEqual("<eos>".utf8) { endNames.insert(String(decoding: word, as: UTF8.self)) }
            isNew = append(name, logarithm, backoff)
        }
        if endNames.count > 1 {
            return
                "the file has both </s> and a word <eos>, which are one word here; estimate the model from a text without <eos>"
        }
        guard isNew else { return "the word '\(value: String(decoding: word, as: UTF8.self))' stands in an earlier line" }
        // Texts are UTF-8, so that no word of a text would ever be found among words of another encoding.
        return String(validating: word, as: UTF8.self) == nil ? "the word is not UTF-8; convert the file with iconv" : nil
    }

    /// The name of a word in the vocabulary.
    private static func vocabularyName(_ word: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        if word.elementsEqual("</s>".utf8) { return bytes(end) }
        return word
    }

    private static func bytes(_ text: StaticString) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    }

    private mutating func append(_ word: UnsafeRawBufferPointer, _ logarithm: Float, _ backoff: Float) -> Bool {
        level.logarithms.append(logarithm)
        level.backoffs.append(backoff)
        return list.add(word)
    }

    /// Adds `<unk>` if it is missing, and returns the table of order 1; or the name of another word that is missing.
    ///
    /// A word `<UNK>` is `<unk>`, unless the file has both: then it is a word like others, the last one.
    mutating func finish() -> (NGramLevel, missing: String?) {
        guard let startEntry else { return (level, "<s>") }
        guard list.number(of: Self.bytes(Self.end)) != nil else { return (level, "</s>") }
        let hasUnknown = list.number(of: Self.bytes(Self.unknown)) != nil
        if let capitalEntry {
            let name = hasUnknown ? Self.capitalUnknown : Self.unknown
            _ = append(Self.bytes(name), capitalEntry.logarithm, capitalEntry.backoff)
        } else if !hasUnknown {
            _ = append(Self.bytes(Self.unknown), -100, 0)
        }
        level.logarithms.append(startEntry.logarithm)
        level.backoffs.append(startEntry.backoff)
        level.words = (0..<Int32(level.logarithms.count)).map { $0 }
        return (level, nil)
    }

    /// The number of a word of an n-gram, or nil. `<s>` has the number after all others.
    func number(_ word: UnsafeRawBufferPointer) -> Int32? {
        guard word.count <= 5, word.first == UInt8(ascii: "<") else { return list.number(of: word) }
        if word.elementsEqual("<s>".utf8) { return Int32(list.count) }
        if word.elementsEqual("<UNK>".utf8) { return list.number(of: word) ?? list.number(of: Self.bytes(Self.unknown)) }
        return list.number(of: Self.vocabularyName(word))
    }

    consuming func vocabulary() -> Vocabulary { list.vocabulary() }
}

/// The n-grams of one order in the order of the file, before sorting by their words.
struct LevelEntries {
    /// Keys are the context's number, then the last word. `[count]`
    private var records: [KeyedNumber] = []
    private var logarithms: [Float] = []
    private var backoffs: [Float] = []

    init(count: Int) {
        // The header may be wrong, so it does not decide the size of the first allocation.
        let room = min(count, 1 << 24)
        records.reserveCapacity(room)
        logarithms.reserveCapacity(room)
        backoffs.reserveCapacity(room)
    }

    mutating func append(_ context: Int, _ word: Int32, _ logarithm: Float, _ backoff: Float) {
        let key = UInt64(context) << 32 | UInt64(UInt32(bitPattern: word))
        records.append(KeyedNumber(key: key, number: UInt32(truncatingIfNeeded: records.count)))
        logarithms.append(logarithm)
        backoffs.append(backoff)
    }

    /// The sorted table, and the position of a duplicate n-gram, if there is one. Sets the children of the `contextCount` n-grams
    /// of the next lower order.
    consuming func sorted(under contextCount: Int, _ lower: inout NGramLevel) -> (NGramLevel, duplicate: Int?) {
        let count = records.count
        records.withUnsafeMutableBufferPointer { records in
            guard let base = records.baseAddress else { return }
            withUnsafeTemporaryAllocation(of: KeyedNumber.self, capacity: count) { spare in
                KeySort.sort(base, spare: spare.baseAddress!, count: count)
            }
        }
        var level = NGramLevel()
        level.words = records.map { Int32(truncatingIfNeeded: $0.key & 0xFFFF_FFFF) }
        level.logarithms = records.map { logarithms[Int($0.number)] }
        level.backoffs = records.map { backoffs[Int($0.number)] }
        lower.children = [UInt32](repeating: 0, count: contextCount + 1)
        for record in records { lower.children[Int(record.key >> 32) + 1] += 1 }
        for index in 0..<contextCount { lower.children[index + 1] += lower.children[index] }
        let duplicate = zip(records, records.dropFirst()).first { $0.key == $1.key }.map { Int($1.number) }
        return (level, duplicate)
    }
}
