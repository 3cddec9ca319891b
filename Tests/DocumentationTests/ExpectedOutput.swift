/// The output in a transcript on a page. A line `...` matches any lines. Values that depend on machine and time are not compared.
struct ExpectedOutput {
    private let lines: [String]

    init(_ lines: [String]) { self.lines = lines.map(Self.comparable) }

    /// The first expected line that the output lacks at its place; nil if none is missing.
    func mismatch(in output: [String]) -> String? {
        var actual = output.map(Self.comparable)[...]
        var mayskip = false
        for line in lines {
            if line == "..." {
                mayskip = true
                continue
            }
            let place = mayskip ? actual.firstIndex(of: line) : (actual.first == line ? actual.startIndex : nil)
            guard let place else { return line }
            actual = actual[(place + 1)...]
            mayskip = false
        }
        guard mayskip || actual.isEmpty else { return "the end, where the output goes on with: \(actual[actual.startIndex])" }
        return nil
    }

    /// The line without speeds, times, memory sizes, the processor's level and trailing blanks.
    private static func comparable(_ line: String) -> String {
        var line = line
        line.replace(/[0-9][0-9,]* tokens\/s/, with: "# tokens/s")
        line.replace(/kernels [a-z0-9]+/, with: "kernels #")
        line.replace(/\b[0-9.]+ (kB|MB|GB|B)\b/, with: "# bytes")
        line.replace(/\b([0-9]+h )?([0-9]+m )?[0-9.]+ ?s\b/, with: "# s")
        line.replace(/\b[0-9]+-[0-9]{2}-[0-9]{2}T[0-9:.]+Z/, with: "#time")
        while line.last?.isWhitespace == true { line.removeLast() }
        return line
    }
}
