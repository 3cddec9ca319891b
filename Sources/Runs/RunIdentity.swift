import Digests

/// A random name of a run, by which its files are told from those of other runs with equal texts, configuration and seed.
///
/// A run has it from its first step on, in its checkpoints, in `best.safetensors` and in the lines `start` and `resume` of its log. Nothing is
/// computed from it. Files of programs before 0.2 have none, and are not compared by it.
package struct RunIdentity: Hashable, Sendable {
    /// The key in the metadata of a checkpoint.
    package static let metadataKey = "run_identity"

    /// 16 hexadecimal digits.
    package let text: String

    package init(_ text: String) { self.text = text }

    /// The identity of a new run.
    package init() { text = UInt64.random(in: 0...UInt64.max).hexadecimal }

    /// Whether two identities are known and differ.
    static func differ(_ one: RunIdentity?, _ other: RunIdentity?) -> Bool {
        guard let one, let other else { return false }
        return one != other
    }
}
