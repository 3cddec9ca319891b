import Foundation

/// The sanitizers that `launch/test --sanitize` builds programs and tests with.
public enum Sanitizers {
    /// Whether they are in these programs.
    public static let areOn = ProcessInfo.processInfo.environment["RNNTRAIN_SANITIZED"] != nil
    /// How many times as long a program may take.
    public static let patience = areOn ? 5.0 : 1
}
