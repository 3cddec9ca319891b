/// Memory that the system refuses during work, because of a limit of the process or of the machine. Exit status 70.
public struct MemoryError: UserFacingError, Equatable {
    /// What the memory is for, such as `the copy of a checkpoint`.
    public let purpose: String
    /// The number of bytes that were requested.
    public let byteCount: Int

    /// A refusal of this number of bytes.
    public init(purpose: String, byteCount: Int) { (self.purpose, self.byteCount) = (purpose, byteCount) }

    public var exitStatus: ExitStatus { .fault }

    public var fault: String { "too little memory for \(purpose): the system refuses \(NumberText.bytes(Double(byteCount)))" }

    /// What to do.
    public static let advice = "Raise the limits of the process (ulimit -v, ulimit -d), or use a machine with more memory."

    public var description: String { "\(fault). \(Self.advice)" }
}
