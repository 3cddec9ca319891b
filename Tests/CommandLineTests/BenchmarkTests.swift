import Foundation
import Inference
import Testing

@Suite("The benchmark", .serialized)
struct BenchmarkTests {
    /// A model with very short steps.
    private static let tiny = [
        "benchmark", "--hidden", "8", "--vocabulary", "11", "--batch-size", "6", "--window", "5", "--steps", "3",
    ]

    private func figures(ranks: Int, _ more: [String] = []) throws -> [String: Any] {
        let arguments = Self.tiny + ["--json"] + more
        let outcome =
            try ranks == 1 ? ProcessRunner.rnntrain(arguments) : ProcessRunner.rnntrain(ranks: ranks, arguments)
        try #require(outcome.status == 0, "\(outcome.errors)")
        return try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    }

    private func number(_ name: String, in figures: [String: Any]) throws -> Double {
        try #require(figures[name] as? Double, "\(name) in \(figures)")
    }

    /// The weights of the tiny model that take part in products: those of two LSTM layers [4H, E + H] and of the output [V, H].
    private static let weights = 2 * 4 * 8 * 16 + 11 * 8

    @Test("The figures of a step agree with each other", arguments: [1, 2])
    func step(ranks: Int) throws {
        let figures = try figures(ranks: ranks)
        let value = { (name: String) in try number(name, in: figures) }
        #expect(try value("ranks") == Double(ranks))
        #expect(try value("shards") == 6)
        // One multiplication and one addition for each weight, three times.
        #expect(try value("operations_per_token") == Double(6 * Self.weights))
        // The embedding and the biases take no part in products.
        #expect(try value("parameters") == Double(Self.weights + 11 * 8 + 2 * 2 * 32 + 11))
        try expectEqual(try value("gigaflops"), try value("tokens_per_second") * value("operations_per_token") / 1e9)
        try expectEqual(try value("tokens_per_second"), 30 / (value("step_ms") / 1e3))
        try expectEqual(
            try value("floor_tokens_per_second"), try value("peak_gigaflops") * 1e9 / value("operations_per_token"))
        try expectEqual(try value("peak_gigaflops_per_core") * value("cores"), try value("peak_gigaflops"))
        #expect(try value("peak_share") > 0)
    }

    @Test("The operations of a step, and the weights of a generated token, are those that the output layer uses")
    func outputs() throws {
        let layers = Self.weights - 11 * 8
        // Classes of 1, 2, 4 and 4 tokens. By Zipf's law, tokens from a to b - 1 have the share log((b+1)/(a+1)) / log(V+1).
        var members = 0.0
        for (first, end) in [(0, 1), (1, 3), (3, 7), (7, 11)] {
            let share: Double = log(Double(end + 1) / Double(first + 1)) / log(12)
            members += Double(end - first) * share
        }
        let classes = try figures(ranks: 2, ["--output", "class", "--zipf"])
        let rows: Double = 4 + members
        let expected: Double = 6 * (Double(layers) + 8 * rows)
        try expectEqual(try number("operations_per_token", in: classes), expected)
        #expect(try number("peak_share", in: classes) > 0)
        // The logits of a mixture of three read the table three times; those of a tree all of its ten nodes.
        let outputs: [(String, Int)] = [("mixture", 3 * 8 * 9 + 3 * 11 * 8), ("hierarchical", 10 * 8), ("class", (4 + 11) * 8)]
        for (output, weights) in outputs {
            let generated = try figures(ranks: 1, ["--generate", "--output", output])
            #expect(try number("weight_bytes", in: generated) == Double(4 * (layers + weights)), "\(output)")
        }
    }

    @Test("--set changes any key of the model, and refuses other keys")
    func otherKeys() throws {
        let projected = try figures(ranks: 1, ["--set", "projection-size=3", "--set", "locked-dropout=true", "--dropout", "0.5"])
        // The recurrent weights and the upper layer read 3 columns instead of 8, and a layer has a projection [3, H].
        let parameters = 11 * 8 + (4 * 8 * (8 + 3) + 3 * 8) + (4 * 8 * (3 + 3) + 3 * 8) + 2 * 2 * 32 + 11 * 3 + 11
        #expect(try number("parameters", in: projected) == Double(parameters))
        for (text, words) in [
            ("projection-sise=3", "did you mean projection-size?"), ("epochs=3", "no key of the model or of the optimizer"),
            ("projection-size", "has no '='"), ("projection-size=x", "--set projection-size is x"),
        ] {
            let refused = try ProcessRunner.rnntrain(Self.tiny + ["--set", text])
            #expect(refused.status == 64 && refused.errors.contains(words), "\(refused)")
        }
    }

    @Test("The report contains all parts of a step, and the memory as allocated and as the system reports it", arguments: [1, 2])
    func partsAndMemory(ranks: Int) throws {
        let figures = try figures(ranks: ranks)
        for part in ["compute", "reduce", "update", "wait"] {
            let time = try number(part + "_ms", in: figures)
            #expect(time >= 0, "\(part)")
            try expectEqual(try number(part + "_share", in: figures), try time / number("step_ms", in: figures))
        }
        #expect(try (number("added_bytes", in: figures) > 0) == (ranks > 1))
        #expect(try number("sent_bytes", in: figures) == 0)
        #expect(try number("private_bytes", in: figures) > 0)
        // At least the parameters and one gradient.
        #expect(try number("shared_bytes", in: figures) >= 2 * 4 * number("parameters", in: figures))
        #expect(try number("system_private_bytes", in: figures) > 1e6)
        #expect(try number("system_shared_bytes", in: figures) > 0)
    }

    @Test("Options modify the named model")
    func options() throws {
        let figures = try figures(
            ranks: 1,
            ["--cell", "gru", "--layers", "3", "--optimizer", "sgd", "--dropout", "0.5", "--shards", "2", "--precision", "bf16"])
        #expect(figures["precision"] as? String == "bf16")
        #expect(figures["cell"] as? String == "gru")
        #expect(figures["optimizer"] as? String == "sgd")
        #expect(try number("layers", in: figures) == 3)
        let shares = try ["peak_share_lowest", "peak_share", "peak_share_highest"].map { try number($0, in: figures) }
        #expect(shares == shares.sorted() && shares[0] > 0 && shares[0] < shares[2])
        #expect(try number("dropout", in: figures) == 0.5)
        #expect(try number("shards", in: figures) == 2)
        let gates = 3 * 8
        let parameters = 2 * 11 * 8 + 11 + 3 * (gates * 16 + 2 * gates)
        #expect(try number("parameters", in: figures) == Double(parameters))
    }

    @Test("The bytes sent between nodes are counted")
    func nodes() throws {
        let figures = try figures(ranks: 2, ["--node-size", "1"])
        #expect(try number("sent_bytes", in: figures) > 0)
    }

    @Test("The table has one line for each figure", arguments: [1, 2])
    func table(ranks: Int) throws {
        let outcome = try ranks == 1 ? ProcessRunner.rnntrain(Self.tiny) : ProcessRunner.rnntrain(ranks: ranks, Self.tiny)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let lines = outcome.output.split(separator: "\n")
        #expect(lines.first == "zaremba-small: lstm 2 x 8, vocabulary 11, 1.3 k parameters, B 6, T 5, adam, fp32")
        let labels = lines.dropFirst().map { $0.prefix(12).trimmingCharacters(in: .whitespaces) }
        #expect(labels == ["ranks", "speed", "peak", "step", "exchange", "memory", ""])
        #expect(lines[1].contains("ranks     \(ranks) on \(ranks == 1 ? "1 core," : "")"))
        #expect(lines[2].contains(/speed .* tokens\/s, .* GFLOP\/s: .* % of the peak, .* % to .* % over the blocks/))
    }

    @Test("Generation is measured against reading the weights, in one process")
    func generation() throws {
        let figures = try figures(ranks: 1, ["--generate"])
        #expect(try number("tokens", in: figures) == 3)
        #expect(try number("weight_bytes", in: figures) == Double(4 * Self.weights))
        try expectEqual(
            try number("bound_tokens_per_second", in: figures),
            try number("read_bytes_per_second", in: figures) / number("weight_bytes", in: figures))
        try expectEqual(try number("tokens_per_second", in: figures), try 1e3 / number("token_ms", in: figures))
        let table = try ProcessRunner.rnntrain(Self.tiny + ["--generate"])
        #expect(table.output.contains(/speed .* tokens\/s: .* % of the bound\n/))
    }

    @Test("Invalid measurements are refused before MPI starts, with advice")
    func refusals() throws {
        try expectRefusal(["--hidden", "0"], "--hidden is 0; it must be a whole number from 1 to 1000000.")
        try expectRefusal(["--window", "-5"], "--window is -5; it must be a whole number from 1 to 10000000.")
        try expectRefusal(
            ["--dropout", "1"],
            "--dropout is 1; it must be a number from 1e-30 to 0.99999994, the largest value below 1 in single precision, or 0 for none."
        )
        try expectRefusal(["--shards", "21"], "--shards is 21, but --batch-size is 20: ")
        try expectRefusal(
            ["--generate", "--exchange-only"], "--generate, --exchange-only and --tokenise exclude each other. ")
        try expectRefusal(["--model", "wiki"], "the value 'wiki' is invalid for '--model <model>'.")
        try expectRefusal(["--generate", "--precision", "bf16"], "--precision bf16 is for training; text is generated in fp32.")
    }

    @Test("More ranks than shards are refused once")
    func ranks() throws {
        let outcome = try ProcessRunner.rnntrain(ranks: 3, ["benchmark", "--shards", "2"])
        #expect(outcome.status == 64)
        #expect(outcome.errors.ranges(of: "rnntrain: error: 3 ranks cannot share 2 shards.").count == 1, "\(outcome.errors)")
    }

    private func expectRefusal(
        _ options: [String], _ message: String, location: SourceLocation = #_sourceLocation
    ) throws {
        let outcome = try ProcessRunner.rnntrain(["benchmark"] + options)
        #expect(outcome.status == 64, sourceLocation: location)
        #expect(outcome.errors.hasPrefix("rnntrain: error: " + message), "\(outcome.errors)", sourceLocation: location)
    }

    /// Equal up to the rounding of a few operations.
    private func expectEqual(_ a: Double, _ b: Double, location: SourceLocation = #_sourceLocation) throws {
        #expect(abs(a - b) <= 1e-12 * abs(b), "\(a) and \(b)", sourceLocation: location)
    }
}
