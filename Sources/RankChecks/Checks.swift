import Communication
import Failures
import Glibc

/// A check: runs on all ranks, throws where something is not as it must be.
typealias Check = (World, CheckArguments) throws -> Void

/// All checks by the name on the command line.
nonisolated(unsafe) let checks: [String: Check] = [
    "agree": checkAgreement, "allocations": checkAllocations, "barrier": checkBarrier, "collectives": checkCollectives,
    "death": checkDeath, "exchange": checkExchange,
    "exchange-speed": checkExchangeSpeed, "fail": checkFailure, "signals": checkSignals, "silent-faults": checkSilentFaults,
    "tokenise": checkTokenising, "tokenise-speed": checkTokenisingSpeed,
]

/// A name and `--option value` pairs.
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

    /// The text after `--name`.
    subscript(_ name: String) -> String? { values["--" + name] }

    /// The number after `--name`.
    func number(_ name: String, or otherwise: Int) -> Int { self[name].flatMap { Int($0) } ?? otherwise }
}

/// What a check found wrong.
struct CheckFailure: UserFacingError {
    let description: String
    var exitStatus: ExitStatus { .fault }
}

/// Throws unless the two are equal.
func expectEqual<T: Equatable>(_ value: T, _ expected: T, _ what: @autoclosure () -> String) throws {
    if value != expected { throw CheckFailure(description: "\(what()): \(value) instead of \(expected)") }
}

/// Prints on rank 0.
func report(_ world: World, _ line: String) {
    guard world.isRoot else { return }
    print(line)
    fflush(nil)
}

/// A 64-bit number that depends on all of the words (splitmix64).
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
