public import Files

/// The errors of writing, under the name in which this module's callers know them.
public typealias FileError = Files.FileError
/// How the small files of a run folder are written.
public typealias DurableFile = Files.DurableFile
