/// A block of language `console`: commands after `$ `, each followed by its expected output.
struct Transcript {
    struct Exchange: Equatable {
        var command: String
        var expected: [String]
    }

    private(set) var exchanges: [Exchange] = []

    /// Parses the lines of a block. A command that ends in a backslash continues in the next line.
    init(lines: [String]) {
        var continues = false
        for line in lines {
            if continues, !exchanges.isEmpty {
                exchanges[exchanges.count - 1].command += "\n" + line
            } else if line.hasPrefix("$ ") {
                exchanges.append(Exchange(command: String(line.dropFirst(2)), expected: []))
            } else if !exchanges.isEmpty {
                exchanges[exchanges.count - 1].expected.append(line)
            }
            continues = (continues || line.hasPrefix("$ ")) && line.hasSuffix("\\")
        }
    }
}
