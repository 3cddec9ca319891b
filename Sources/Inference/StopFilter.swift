import TextData

/// Ends a text before the first of some strings.
///
/// Bytes that may begin a string are held back until it is clear. A string begins with a whole character, so no character is divided.
package struct StopFilter {
    private let stops: [[UInt8]]
    private var held: [UInt8] = []
    /// Whether a string was found. Nothing may follow.
    package private(set) var isStopped = false

    package init(_ stops: [String]) { self.stops = stops.map { Array($0.utf8) }.filter { !$0.isEmpty } }

    /// The bytes that belong to the text for certain, after these next ones.
    package mutating func pass(_ bytes: [UInt8]) -> [UInt8] {
        guard !stops.isEmpty else { return bytes }
        held += bytes
        for start in held.indices {
            if hasStop(at: start) { return stop(at: start) }
            if stops.contains(where: { $0.starts(with: held[start...]) }) { return release(start) }
        }
        return release(held.count)
    }

    /// The bytes that belong to the text, of those held back and of these last ones.
    ///
    /// What is held back may contain a whole string: one behind the beginning of a longer string, which is not completed.
    package mutating func end(_ bytes: [UInt8] = []) -> [UInt8] {
        let passed = pass(bytes)
        if isStopped { return passed }
        if let start = held.indices.first(where: { hasStop(at: $0) }) { return passed + stop(at: start) }
        return passed + release(held.count)
    }

    /// What the decoder of the text and the filter held back, at the end of the text.
    mutating func rest(of decoder: inout TokenDecoder) -> [UInt8] {
        if isStopped { return [] }
        var bytes: [UInt8] = []
        decoder.end(to: &bytes)
        return end(bytes)
    }

    private func hasStop(at start: Int) -> Bool { stops.contains { held[start...].starts(with: $0) } }

    /// Ends the text. Returns the bytes held back before `start`.
    private mutating func stop(at start: Int) -> [UInt8] {
        isStopped = true
        defer { held = [] }
        return Array(held[..<start])
    }

    private mutating func release(_ count: Int) -> [UInt8] {
        defer { held.removeFirst(count) }
        return Array(held[..<count])
    }
}
