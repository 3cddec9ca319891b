import Foundation

/// The sanitizers of `launch/test --sanitize`.
public enum Sanitizers {
    /// Whether these programs are built with sanitizers.
    public static let areOn = ProcessInfo.processInfo.environment["RNNTRAIN_SANITIZED"] != nil
    /// The library of faults, built without a sanitizer, for programs that cannot load one that has it; `nil` if the library of the normal
    /// build works.
    public static let plainFaultLibrary = ProcessInfo.processInfo.environment["RNNTRAIN_PLAIN_FAULTS"]
    /// The factor by which time limits are longer.
    public static let patience = areOn ? 5.0 : 1

    /// The time limit of a test that takes `count` minutes at most without sanitizers. Under them, tests that run at the same time take one another's
    /// cores for many minutes.
    public static func minutes(_ count: Int) -> Int { areOn ? 30 * count : count }
}
