import Configuration
import Failures
import Kinds
import Testing

@Suite("Configuration as TOML and JSON text")
struct ConfigurationFileTests {
    private func error(_ text: String) -> ConfigurationFileError? {
        #expect(throws: ConfigurationFileError.self) { _ = try ConfigurationFile(text: text, path: "a.toml") }
    }

    private func place(_ line: Int, _ column: Int = 1) -> ConfigurationPlace {
        ConfigurationPlace(path: "a.toml", line: line, column: column)
    }

    private func read(_ text: String) throws -> TrainingConfiguration {
        var configuration = TrainingConfiguration()
        try ConfigurationFile(text: text, path: "a.toml").apply(to: &configuration)
        return configuration
    }

    @Test("A configuration without any default value is read back unchanged")
    func writtenAndRead() throws {
        let configuration = ConfigurationSamples.everyKeySet()
        for key in ConfigurationKey.allCases {
            #expect(configuration.value(of: key) != TrainingConfiguration().value(of: key), "\(key.rawValue)")
        }
        #expect(try read(configuration.toml) == configuration)
    }

    @Test("The defaults and the demo are read back unchanged", arguments: [TrainingConfiguration(), .reberDemo])
    func defaultsWrittenAndRead(configuration: TrainingConfiguration) throws {
        var back = ConfigurationSamples.everyKeySet()
        (back.text, back.train, back.valid, back.test, back.run) = (nil, nil, nil, nil, nil)
        (back.tokenPattern, back.sentencePieceModel, back.wordVectors) = (nil, nil, nil)
        (back.vocabularySize, back.tokenFrequencies, back.forgetBias, back.shards, back.timeLimit) = (nil, nil, nil, nil, nil)
        try ConfigurationFile(text: configuration.toml, path: "a.toml").apply(to: &back)
        #expect(back == configuration)
    }

    @Test("A written file contains every key once, under the header of its theme")
    func everyKeyWritten() {
        let lines = TrainingConfiguration().toml.split(separator: "\n")
        for key in ConfigurationKey.allCases {
            let count = lines.count { $0.hasPrefix("\(key.rawValue) =") || $0.hasPrefix("# \(key.rawValue) =") }
            #expect(count == 1, "\(key.rawValue)")
        }
        for theme in ConfigurationTheme.allCases { #expect(lines.contains("# \(theme.rawValue)")) }
    }

    @Test("A whole number is valid for a number, and for a number of steps")
    func wholeNumbers() throws {
        let configuration = try read("clip = 5\ncheckpoint-every = 500\n")
        #expect(configuration.clip == 5)
        #expect(configuration.checkpointEvery == .steps(500))
    }

    @Test("A key is read under the name that an earlier version gave it")
    func formerName() throws {
        let configuration = try read("connection = \"residual\"\n")
        #expect(configuration == ConfigurationSamples.with([.connections: .text("residual")]))
    }

    @Test("A key under its present and its former name is set twice")
    func twoNames() {
        let lines = ["connection = \"residual\"", "connections = \"dense\""]
        for lines in [lines, lines.reversed()] {
            #expect(
                error(lines.joined(separator: "\n"))
                    == .twoNames(place(2), key: .connections, formerName: "connection"))
        }
    }

    @Test("An unknown key is named with its line and the nearest key")
    func unknownKey() {
        #expect(
            error("# sizes\nlayers = 2\n\nhiden_size = 3\n")
                == .unknownKey(place(4), key: "hiden_size", nearest: "hidden-size"))
        #expect(
            error("zzzzzzzzzzz = 1") == .unknownKey(place(1), key: "zzzzzzzzzzz", nearest: nil))
        #expect(error("lerning-rate = 1")?.description == "a.toml:1:1: unknown key 'lerning-rate'. Did you mean 'learning-rate'?")
    }

    @Test("A key's line is found after multi-line strings, CR LF, quotes and tables")
    func lines() {
        let unknown = { (line: Int, key: String) in ConfigurationFileError.unknownKey(place(line), key: key, nearest: nil) }
        #expect(error("train = \"\"\"\nzzzzzzzzz = 1\n\\\"\"\"\"\nlayers = 2 # '''\nzzzzzzzzz = 3") == unknown(5, "zzzzzzzzz"))
        #expect(error("train = '''\nzzzzzzzzz = 1'''\nzzzzzzzzz = 3") == unknown(3, "zzzzzzzzz"))
        #expect(error("layers = 2\r\n\r\nzzzzzzzzz = 1\r\n") == unknown(3, "zzzzzzzzz"))
        #expect(error("layers = 2\n  \"zzz zzz zz\"  = 1") == .unknownKey(place(2, 3), key: "zzz zzz zz", nearest: nil))
    }

    @Test(
        "A value of the wrong kind is named with line, key, what is expected and what was found",
        arguments: [
            ("layers = 2.5", ConfigurationKey.layers, "a whole number from 1 to 1000", "the number 2.5"),
            ("layers = \"two\"", .layers, "a whole number from 1 to 1000", "the string \"two\""),
            (
                "dropout = true", .dropout,
                "a number from 1e-30 to 0.99999994, the largest value below 1 in single precision, or 0 for none", "true"
            ),
            ("tie-weights = 1", .tieWeights, "true or false", "the whole number 1"),
            ("train = [\"a\"]", .train, "a non-empty path", "an array"),
            (
                "run = 1979-05-27", .run, "a non-empty path",
                "the date or time 1979-05-27 without quotes (as a string: \"1979-05-27\")"
            ),
            ("[precision]\nkind = 1", .precision, "one of \"fp32\", \"bf16\"", "a table"),
            ("precision = \"fp23\"", .precision, "one of \"fp32\", \"bf16\"", "the string \"fp23\""),
            (
                "checkpoint-every = \"0 steps\"", .checkpointEvery,
                "a number of steps from 1 to 1000000000, such as 500 or \"500 steps\", or a time from 0.01 seconds to 1000 days, such as 90s, 10m, 1h "
                    + "or \"10 minutes\"",
                "the string \"0 steps\""
            ),
        ])
    func wrongValue(text: String, key: ConfigurationKey, expected: String, found: String) {
        let error = error("seed = 3\n" + text)
        #expect(error == .wrongValue(place(2), key: key, expected: expected, found: found))
        #expect(error?.exitStatus == .usage)
    }

    @Test("Invalid TOML is reported with line and column")
    func syntax() {
        guard case .syntax(place(2, 8), _) = error("layers = 2\nseed = = 3") else {
            Issue.record("no syntax error")
            return
        }
        guard case .syntax(place(2), _) = error("seed = 1\nseed = 2") else {
            Issue.record("a duplicate key is accepted")
            return
        }
    }

    @Test("A file that does not exist is a missing input")
    func missing() {
        let error = #expect(throws: ConfigurationFileError.self) { _ = try ConfigurationFile(path: "/no/such.toml") }
        #expect(error?.exitStatus == .inputMissing)
        #expect(error?.description.contains("/no/such.toml") == true)
    }
}
