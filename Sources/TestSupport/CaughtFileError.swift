public import Files

/// The error that the body throws, or nil.
public func caughtFileError(_ body: () throws(FileError) -> Void) -> FileError? {
    do throws(FileError) {
        try body()
        return nil
    } catch {
        return error
    }
}
