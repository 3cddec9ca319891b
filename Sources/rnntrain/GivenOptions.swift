import ArgumentParser
import Failures
import Files

/// The options of a command line, each with its value.
struct GivenOptions {
    private struct Given {
        /// Without dashes.
        let name: String
        /// Nil for a flag, and for a value that is missing.
        let value: String?
    }

    private let given: [Given]
    private let arguments: [String]

    /// - Parameter arguments: the command line, as `CommandLineArguments` makes it.
    init(_ arguments: [String]) {
        self.arguments = arguments
        let all = arguments.prefix { $0 != "--" }
        given = all.indices.compactMap { place in
            guard all[place].hasPrefix("--") else { return nil }
            let parts = all[place].dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let next = place + 1 < all.endIndex && !all[place + 1].hasPrefix("--") ? all[place + 1] : nil
            return Given(name: String(parts[0]), value: parts.count == 2 ? String(parts[1]) : next)
        }
    }

    /// Throws if several options read the standard input.
    func requireOneStandardInput() throws(StandardInputConflict) {
        let signs = [StandardInput.sign, Prompt.encodedSign]
        let suspects = given.filter { $0.value.map(signs.contains) ?? false }
        guard suspects.count > 1 else { return }
        let options = CommandOptions(for: arguments)
        let readers = suspects.filter { given in
            Prompt.option == "--" + given.name
                ? given.value == Prompt.encodedSign : options.option(named: given.name)?.namesFile ?? false
        }
        if readers.count > 1 { throw StandardInputConflict(options: readers.map { "--" + $0.name }) }
    }

    /// Warnings about the options that a command does not use, and about repetitions.
    func warnings(_ command: any ParsableCommand) -> [String] {
        let idle = (command as? any ConditionalOptions)?.idleOptions ?? []
        return repetitions + idle.filter { option in given.contains { "--" + $0.name == option.name } }.map(\.warning)
    }

    /// Messages about options that are given several times with different values, of which the parser takes the last one.
    private var repetitions: [String] {
        let subjects = given.map { Self.subject($0.name) }
        guard Set(subjects).count < subjects.count else { return [] }
        let options = CommandOptions(for: arguments)
        var told: Set<String> = []
        return zip(subjects, given).compactMap { subject, one in
            guard options.option(named: one.name)?.isRepeating == false, told.insert(subject).inserted else { return nil }
            let takesValue = options.option(named: one.name)?.takesValue ?? false
            let all = zip(subjects, given).filter { $0.0 == subject }.map { takesValue ? $0.1.value ?? "" : "--" + $0.1.name }
            guard let last = all.last, all.contains(where: { $0 != last }) else { return nil }
            if !takesValue {
                return "\(Set(all).sorted().joined(separator: " and ")) are both given: \(last), the last one, is used."
            }
            let isPrompt = "--" + subject == Prompt.option
            return "--\(subject) is given \(all.count == 2 ? "twice" : "\(all.count) times"): the last value"
                + (isPrompt ? "" : ", \(value: last),") + " is used."
        }
    }

    /// The name without the `no-` of the inverse of a flag.
    private static func subject(_ name: String) -> String { name.hasPrefix("no-") ? String(name.dropFirst(3)) : name }
}

/// Several options that name the standard input.
struct StandardInputConflict: UserFacingError {
    let options: [String]

    var exitStatus: ExitStatus { .usage }

    var description: String {
        "\(options.joined(separator: " and ")) \(options.count == 2 ? "both" : "all") read the standard input, which can be read only once. Save one of the inputs to a file, and "
            + "name the file."
    }
}
