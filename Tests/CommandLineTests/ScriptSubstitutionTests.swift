import Foundation
import Testing

/// bash 5.2 reads the commands of a trap wrongly if the signal comes while it expands a command substitution and the same command has another
/// substitution after it: "trap: line 2: unexpected EOF while looking for matching `)'", and status 2.
@Suite("Substitutions in scripts that signals interrupt")
struct ScriptSubstitutionTests {
    @Test("No command of a script in launch/ has two substitutions")
    func scripts() throws {
        let folder = URL(filePath: ProcessRunner.source("launch"))
        var scripts = 0
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() {
            guard let data = FileManager.default.contents(atPath: folder.appending(path: name).path) else { continue }
            scripts += 1
            var commands = ScriptCommands(String(decoding: data, as: UTF8.self))
            while let command = commands.next() {
                #expect(command.substitutions < 2, "launch/\(name), line \(command.line): assign the first one to a variable")
            }
            let isInQuotes = commands.isInQuotes
            #expect(!isInQuotes, "launch/\(name)")
        }
        #expect(scripts > 15)
    }

    /// A subshell does not have the traps of the script, so that a signal to the process group ends it.
    @Test("While a job runs, launch/supervise continues if a signal ends a substitution")
    func assignments() throws {
        let script = try String(contentsOfFile: ProcessRunner.source("launch/supervise"), encoding: .utf8)
        let assignments = script.split(separator: "\n").filter { $0.contains(/^ *[a-z_]+=\$\([^(]/) && !$0.contains("mktemp") }
        #expect(assignments.count > 2 && assignments.allSatisfy { $0.contains(") || true") }, "\(assignments)")
    }

    @Test(
        "Substitutions are counted by command",
        arguments: [
            ("x=$(a) y=$(b)", [2]), ("x=$(a \"$(b)\")", [1]), ("x=$(a); y=$(b)", [1, 1]), ("echo \"$(a) <(\" '$(b)' `c`", [1]),
            ("cat <(a) \\\n  <(b) # $(c)", [2]), ("x=$((1 + 2)) y=$(a ')' \"(\")", [1]),
            ("a >&2 $(b) | c \"it's\" $(d)", [1, 1]),
            ("echo 'a\n$(b)' $(c)\nd \"${#x} $(e)\"", [1, 1]), ("a >&\"$(b)\" 2>&1 && { $(c); }", [1, 1]),
        ])
    func counts(text: String, expected: [Int]) {
        var commands = ScriptCommands(text)
        var counts: [Int] = []
        while let command = commands.next() { counts.append(command.substitutions) }
        #expect(counts.filter { $0 > 0 } == expected && !commands.isInQuotes)
    }
}

/// The commands of a script of bash, with the number of `$(...)`, `<(...)` and `>(...)` in each, without those that are in others.
private struct ScriptCommands {
    private let text: [UInt8]
    private var index = 0
    private var line = 1
    private var isQuoted = false
    /// Whether a quotation had begun at the end of the script.
    private(set) var isInQuotes = false

    init(_ text: String) { self.text = Array(text.replacing(Self.document) { "\($0.output.1)\n" }.utf8) }

    /// A here-document, whose text has no quotations.
    private static var document: Regex<(Substring, Substring, Substring)> { /(<<'?([A-Z]+)'?)\n(?s:.*?)\n\2\n/ }

    private func isAt(_ offset: Int, _ characters: StaticString) -> Bool {
        let place = index + offset
        let byte = place >= 0 && place < text.count ? text[place] : UInt8(ascii: "\n")
        return characters.withUTF8Buffer { $0.contains(byte) }
    }

    private mutating func advance(_ count: Int = 1) {
        for _ in 0..<count where index < text.count {
            if isAt(0, "\n") { line += 1 }
            index += 1
        }
    }

    /// The next command, with the line of its end; nil after the last one.
    mutating func next() -> (line: Int, substitutions: Int)? {
        if index >= text.count { return nil }
        var substitutions = 0
        while index < text.count {
            if isSubstitution {
                substitutions += 1
                skipSubstitution()
                continue
            }
            let isEnd = !isQuoted && isSeparator
            let end = line
            readCharacter()
            if isEnd { return (end, substitutions) }
        }
        isInQuotes = isInQuotes || isQuoted
        return (line, substitutions)
    }

    private var isSubstitution: Bool {
        isAt(1, "(") && (isAt(0, "$") ? !isAt(2, "(") : !isQuoted && isAt(0, "<>"))
    }

    private var isSeparator: Bool { isAt(0, "&") ? !isAt(-1, "<>") && !isAt(1, ">") : isAt(0, "\n;|") }

    /// Reads a character, an escaped character, a quotation in single quotes, or a comment.
    private mutating func readCharacter() {
        if isAt(0, "\\") {
            advance(2)
        } else if isAt(0, "\"") {
            isQuoted.toggle()
            advance()
        } else if isAt(0, "'"), !isQuoted {
            repeat { advance() } while index < text.count && !isAt(0, "'")
            isInQuotes = isInQuotes || index >= text.count
            advance()
        } else if isAt(0, "#"), isAt(-1, " \t\n"), !isQuoted {
            while index < text.count, !isAt(0, "\n") { advance() }
        } else {
            advance()
        }
    }

    /// Skips a substitution with the quotations and parentheses in it.
    private mutating func skipSubstitution() {
        let outer = isQuoted
        isQuoted = false
        var depth = 0
        advance()
        repeat {
            if isQuoted, isSubstitution {
                skipSubstitution()
                continue
            }
            if !isQuoted { depth += isAt(0, "(") ? 1 : isAt(0, ")") ? -1 : 0 }
            readCharacter()
        } while depth > 0 && index < text.count
        isQuoted = outer
    }
}
