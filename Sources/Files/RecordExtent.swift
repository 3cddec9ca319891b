/// The complete and undamaged records at the start of a file of records, and what follows them.
package struct RecordExtent: Equatable, Sendable {
    /// What follows the records.
    package enum Rest: Equatable, Sendable {
        case nothing
        /// The beginning of a record, as a killed job leaves it.
        case cutRecord
        /// A damaged record. Undamaged records may follow it.
        case damage
    }

    /// The number of records.
    package let count: Int
    /// The number of their bytes.
    package let byteCount: Int
    package let rest: Rest

    package init(count: Int, byteCount: Int, rest: Rest) { (self.count, self.byteCount, self.rest) = (count, byteCount, rest) }
}

/// What separates the records of an appended file.
package enum RecordFraming: Sendable {
    /// A line end after each record.
    case lines
    /// Another form. `extent` finds the records in a file's content. A file with a damaged record is renamed to `damagedName`, or to
    /// `damagedName-2` and so on, because its later records would be lost if it were truncated.
    case framed(damagedName: String, extent: @Sendable ([UInt8]) -> RecordExtent)
}
