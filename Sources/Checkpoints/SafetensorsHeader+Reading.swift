import Files

extension SafetensorsHeader {
    /// The bytes of the file before its data: the length of the header and the header. Only the length is validated.
    static func head(of file: ReadableFile) throws(CheckpointError) -> [UInt8] {
        guard file.byteCount >= lengthByteCount else {
            throw .damaged(path: file.path, .tooShort(byteCount: file.byteCount, needed: UInt64(lengthByteCount)))
        }
        let length = try asCheckpointError { () throws(FileError) in try file.bytes(0..<lengthByteCount) }.withUnsafeBytes {
            UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self))
        }
        guard length <= byteCountLimit else {
            throw .damaged(path: file.path, .headerTooLong(byteCount: length, limit: byteCountLimit))
        }
        let start = lengthByteCount + Int(length)
        guard start <= file.byteCount else {
            throw .damaged(path: file.path, .tooShort(byteCount: file.byteCount, needed: UInt64(start)))
        }
        return try asCheckpointError { () throws(FileError) in try file.bytes(0..<start) }
    }

    /// Validates the header `head` of a file: all sizes, all offsets, and the digest of the header if it has one.
    static func read(
        _ head: [UInt8], fileByteCount: Int, requireChecksums: Bool
    ) throws(CheckpointDamage) -> SafetensorsHeader {
        let sealed = HeaderSeal.isSealed(head)
        if sealed {
            try HeaderSeal.verify(head)
        } else if requireChecksums {
            throw .noChecksum(array: nil)
        }
        let json = try HeaderJSON.parse(Array(head[lengthByteCount...]))
        let entries = try entries(json.fields, dataByteCount: fileByteCount - head.count)
        let (texts, checksums) = try separated(json.metadata ?? [:], sealed: sealed, names: entries.map(\.name))
        return SafetensorsHeader(entries: entries, metadata: texts, checksums: checksums)
    }

    /// The arrays in the order of the data. Validates each array, and its position relative to the previous array.
    private static func entries(
        _ fields: [String: HeaderJSON.Field], dataByteCount: Int
    ) throws(CheckpointDamage) -> [Entry] {
        var entries: [Entry] = []
        for (name, field) in fields { entries.append(try entry(name, field, dataByteCount: dataByteCount)) }
        // Empty arrays have the same start as the next array. Among each other they are sorted by name.
        entries.sort { ($0.range.lowerBound, $0.range.upperBound, $0.name) < ($1.range.lowerBound, $1.range.upperBound, $1.name) }
        var end = 0
        for entry in entries {
            guard entry.range.lowerBound == end else {
                throw .notContiguous(array: entry.name, start: entry.range.lowerBound, expected: end)
            }
            end = entry.range.upperBound
        }
        guard end == dataByteCount else { throw .trailingBytes(dataEnd: end, fileEnd: dataByteCount) }
        return entries
    }

    private static func entry(
        _ name: String, _ field: HeaderJSON.Field, dataByteCount: Int
    ) throws(CheckpointDamage) -> Entry {
        guard let elementType = ElementType(rawValue: field.dtype) else {
            throw .unknownElementType(array: name, found: field.dtype)
        }
        let offsets = field.data_offsets
        guard offsets.count == 2, 0 <= offsets[0], offsets[0] <= offsets[1], offsets[1] <= dataByteCount else {
            throw .impossibleOffsets(array: name, found: offsets, byteCount: dataByteCount)
        }
        guard let byteCount = byteCount(ofShape: field.shape, elementType) else {
            throw .impossibleShape(array: name, shape: field.shape)
        }
        let range = offsets[0]..<offsets[1]
        guard range.count == byteCount else { throw .wrongByteCount(array: name, found: range.count, expected: byteCount) }
        return Entry(name: name, elementType: elementType, shape: field.shape, range: range)
    }

    /// Separates the caller's texts from the checksums. A sealed header has exactly one checksum for every array.
    private static func separated(
        _ metadata: [String: String], sealed: Bool, names: [String]
    ) throws(CheckpointDamage) -> (texts: [String: String], checksums: [String: String]) {
        guard sealed else { return (metadata, [:]) }
        var texts = metadata
        texts[HeaderSeal.metadataKey] = nil
        var checksums: [String: String] = [:]
        for name in names {
            guard let checksum = texts.removeValue(forKey: checksumKey(name)) else { throw .noChecksum(array: name) }
            checksums[name] = checksum
        }
        if let stray = texts.keys.first(where: { $0.hasPrefix(checksumPrefix) }) { throw .strayChecksum(array: stray) }
        return (texts, checksums)
    }
}
