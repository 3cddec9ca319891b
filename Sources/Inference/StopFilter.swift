import TextData

/// Ends a text before the first of some strings.
///
/// Bytes that may begin a string are held back until it is clear. A string begins with a whole character, so no character is divided.
struct StopFilter {
    private let stops: [[UInt8]]
    private var held: [UInt8] = []
    /// Whether a string was found. Nothing may follow.
    private(set) var isStopped = false

    init(_ stops: [String]) { self.stops = stops.map { Array($0.utf8) }.filter { !$0.isEmpty } }

    /// The bytes that belong to the text for certain, after these next ones.
    mutating func pass(_ bytes: [UInt8]) -> [UInt8] {
        guard !stops.isEmpty else { return bytes }
        held += bytes
        for start in held.indices {
            if stops.contains(where: { held[start...].starts(with: $0) }) {
                isStopped = true
                defer { held = [] }
                return Array(held[..<start])
            }
            if stops.contains(where: { $0.starts(with: held[start...]) }) { return release(start) }
        }
        return release(held.count)
    }

    /// What the decoder of the text and the filter held back, at the end of the text.
    mutating func rest(of decoder: inout TokenDecoder) -> [UInt8] {
        if isStopped { return [] }
        var bytes: [UInt8] = []
        decoder.end(to: &bytes)
        return pass(bytes) + release(held.count)
    }

    private mutating func release(_ count: Int) -> [UInt8] {
        defer { held.removeFirst(count) }
        return Array(held[..<count])
    }
}
