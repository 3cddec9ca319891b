import Foundation

/// The sanitizers that `launch/test --sanitize` builds programs and tests with.
public enum Sanitizers {
    /// Whether they are in these programs.
    public static let areOn = ProcessInfo.processInfo.environment["RNNTRAIN_SANITIZED"] != nil
    /// The library of faults for programs without a sanitizer, which cannot load one that has it: `nil` where the one that is built
    /// with all else will do.
    public static let plainFaultLibrary = ProcessInfo.processInfo.environment["RNNTRAIN_PLAIN_FAULTS"]
    /// How many times as long a program may take.
    public static let patience = areOn ? 5.0 : 1
}
