import Communication
import Failures
import Glibc

/// A check. It runs on all ranks, and throws if a result is wrong.
typealias Check = (World, CheckArguments) throws -> Void

/// All checks, by their names on the command line.
nonisolated(unsafe) let checks: [String: Check] = [
    "agree": checkAgreement, "allocations": checkAllocations, "barrier": checkBarrier, "collectives": checkCollectives,
    "death": checkDeath, "exchange": checkExchange,
    "exchange-speed": checkExchangeSpeed, "fail": checkFailure, "signals": checkSignals, "silent-faults": checkSilentFaults,
    "tokenise": checkTokenising, "tokenise-speed": checkTokenisingSpeed,
]

/// The name of a check, and `--option value` pairs.
struct CheckArguments {
    let name: String
    private let values: [String: String]

    init(_ words: ArraySlice<String>) {
        name = words.first ?? ""
        var values: [String: String] = [:]
        var rest = words.dropFirst()
        while let option = rest.popFirst(), let value = rest.popFirst() { values[option] = value }
        self.values = values
    }

    /// The value of `--name`.
    subscript(_ name: String) -> String? { values["--" + name] }

    /// The integer value of `--name`.
    func number(_ name: String, or otherwise: Int) -> Int { self[name].flatMap { Int($0) } ?? otherwise }
}

/// A wrong result of a check.
struct CheckFailure: UserFacingError {
    let description: String
    var exitStatus: ExitStatus { .fault }
}

/// Throws unless both values are equal.
func expectEqual<T: Equatable>(_ value: T, _ expected: T, _ what: @autoclosure () -> String) throws {
    if value != expected { throw CheckFailure(description: "\(what()): \(value) instead of \(expected)") }
}

/// Prints on rank 0.
func report(_ world: World, _ line: String) {
    guard world.isRoot else { return }
    print(line)
    fflush(nil)
}

/// A 64-bit hash of all words (splitmix64).
func scrambled(_ words: Int...) -> UInt64 {
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    for word in words {
        state = (state ^ UInt64(bitPattern: Int64(word))) &+ 0x9E37_79B9_7F4A_7C15
        state = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        state = (state ^ (state >> 27)) &* 0x94D0_49BB_1331_11EB
        state ^= state >> 31
    }
    return state
}
