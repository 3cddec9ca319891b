import Failures
import Glibc

/// Checks the limit on the stack of a thread. Beyond it, the process ends with a signal and without a message.
enum StackCheck {
    /// With less, threads of training have been seen to overflow (64 kB).
    private static let leastByteCount: rlim_t = 256 << 10

    /// Throws if the limit is too low.
    static func run() throws(StackError) {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_STACK.rawValue), &limit) == 0, limit.rlim_cur < leastByteCount else { return }
        throw StackError(byteCount: Int(limit.rlim_cur), leastByteCount: Int(leastByteCount))
    }
}

/// A limit on the stack that is too low.
struct StackError: UserFacingError {
    let byteCount: Int
    let leastByteCount: Int

    var exitStatus: ExitStatus { .fault }

    var description: String {
        "the limit on the stack of the process is \(byteCount >> 10) kB; it must be at least \(leastByteCount >> 10) kB. Raise it (ulimit -s)."
    }
}
