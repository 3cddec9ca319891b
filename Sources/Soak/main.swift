// Kills runs at random moments, and compares the results with that of an undisturbed run; see launch/soak.
import Foundation
import TestSupport

/// The number after an option; nil if the option is not given.
func number(after option: String) -> UInt64? {
    guard let place = CommandLine.arguments.firstIndex(of: option) else { return nil }
    guard place + 1 < CommandLine.arguments.count, let number = UInt64(CommandLine.arguments[place + 1]) else {
        say("launch/soak: \(option) takes a whole number; see launch/soak --help.", to: .standardError)
        exit(64)
    }
    return number
}

let seed = number(after: "--seed") ?? UInt64.random(in: 1...999_999)
var folder: String?
do {
    let soak = try Soak(kills: Int(number(after: "--kills") ?? 100), seed: seed)
    folder = soak.folder
    try soak.run()
    say(soak.tally.summary)
} catch {
    say("soak: FAILED: \(error) (seed \(seed))")
    if let folder { say("soak: the runs are left as they were, in \(folder)") }
    exit(1)
}
