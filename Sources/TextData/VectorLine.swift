import Failures
import Glibc

/// The first line of a file of word2vec or fastText.
struct VectorFileHeader {
    /// The number of vectors.
    let count: Int
    /// The numbers of a vector.
    let size: Int

    /// What is wrong with a file that has another number of vectors.
    func difference(from found: Int) -> String {
        "the first line declares \(counted(count, "vector")), but the file has \(NumberText.grouped(found)). "
            + (found < count
                ? "Its end is missing; get the whole file"
                : "Correct the first line, or remove it, because it is optional")
    }
}

/// A line of a file of vectors. Fields are separated by blanks and tabs. A word may stand after blanks; numbers after blanks are those of a blank,
/// which some files of GloVe have.
struct VectorLine {
    let word: UnsafeRawBufferPointer
    private let rest: UnsafeRawBufferPointer

    init(_ line: UnsafeRawBufferPointer) {
        let first = line.firstIndex { !Self.isBlank($0) } ?? line.count
        let firstEnd = line[first...].firstIndex(where: Self.isBlank) ?? line.count
        let start = Self.isNumber(line[first..<firstEnd]) ? 0 : first
        let end = line[start...].firstIndex(where: Self.isBlank) ?? line.count
        word = UnsafeRawBufferPointer(rebasing: line[start..<end])
        rest = UnsafeRawBufferPointer(rebasing: line[end...])
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    var isEmpty: Bool { word.isEmpty && numberCount == 0 }

    /// The line as a first line of two whole numbers: of vectors, and of numbers in a vector. Nil for another line.
    var header: VectorFileHeader? {
        let fields = self.fields
        guard fields.count == 1, let count = Self.wholeNumber(word), let size = Self.wholeNumber(fields[0]) else { return nil }
        return VectorFileHeader(count: count, size: size)
    }

    private static func wholeNumber(_ field: some Collection<UInt8>) -> Int? {
        guard field.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int(String(decoding: field, as: UTF8.self)) ?? .max
    }

    private var fields: [Slice<UnsafeRawBufferPointer>] { rest.split(whereSeparator: Self.isBlank) }

    /// Whether the last `count` fields after the word are numbers.
    func endsInNumbers(_ count: Int) -> Bool {
        let fields = self.fields
        return fields.count >= count && fields.suffix(count).allSatisfy(Self.isNumber)
    }

    /// Whether the field after the word is a number.
    var hasNumberAfterWord: Bool { fields.first.map(Self.isNumber) ?? false }

    private static func isNumber(_ field: Slice<UnsafeRawBufferPointer>) -> Bool {
        field.allSatisfy(isPartOfNumber) && Float(String(decoding: field, as: UTF8.self)) != nil
    }

    /// Decimal digits, signs, point and exponent. `strtof` and Swift also read hexadecimal digits, `inf` and `nan`.
    private static func isPartOfNumber(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x2B, 0x2D, 0x2E, 0x45, 0x65: true
        default: false
        }
    }

    /// The fields after the word.
    var numberCount: Int {
        var (count, isInside) = (0, false)
        for byte in rest {
            let isBlank = Self.isBlank(byte)
            if !isBlank, !isInside { count += 1 }
            isInside = !isBlank
        }
        return count
    }

    /// Appends the numbers; false, without a change, unless there are `count` finite ones.
    func append(count: Int, to values: inout [Float]) -> Bool {
        guard rest.allSatisfy({ Self.isBlank($0) || Self.isPartOfNumber($0) }) else { return false }
        let before = values.count
        // `strtof` needs an end.
        var text = rest.map { CChar(bitPattern: $0) } + [0]
        let isSound = text.withUnsafeMutableBufferPointer { text in
            guard var place = text.baseAddress else { return false }
            for _ in 0..<count {
                var end: UnsafeMutablePointer<CChar>?
                let value = strtof(place, &end)
                guard let end, end > place, value.isFinite else { return false }
                values.append(value)
                place = end
            }
            while isBlank(place.pointee) { place += 1 }
            return place.pointee == 0
        }
        if !isSound { values.removeLast(values.count - before) }
        return isSound
    }

    private func isBlank(_ character: CChar) -> Bool { Self.isBlank(UInt8(bitPattern: character)) }
}
