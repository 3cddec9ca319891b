/// A text file to which lines are appended, as `AppendedRecords`.
package struct AppendedLines: ~Copyable {
    private var records: AppendedRecords

    /// Opens or creates the file, and removes an incomplete last line of an interrupted write.
    ///
    /// Throws the errors of `HeldFolder.requireUnchanged`, `.inTheWay`, `.hasOtherNames`, or `.failed`.
    package init(at place: FilePlace) throws(FileError) {
        records = try AppendedRecords(at: place, framing: .lines)
    }

    /// Opens or creates the file in the folder that the path names.
    package init(path: String, through calls: FileSystemCalls = .system) throws(FileError) {
        try self.init(at: FilePlace(path: path, through: calls))
    }

    /// How often another process removed, replaced or changed the file, so that it was reopened or created again.
    package var replacementCount: Int { records.replacementCount }

    /// Appends a line; the method adds the line end. If it throws, the line is not in the file and may be appended again.
    ///
    /// Throws the errors of `init`.
    package mutating func append(_ line: String) throws(FileError) { try records.append(Array((line + "\n").utf8)) }
}
