import Foundation
import RNNTrain

let arguments = CommandLine.arguments
guard arguments.count == 3 else {
    FileHandle.standardError.write(Data("usage: \(arguments[0]) RUN TEXT\n".utf8))
    exit(64)
}

// A run folder, or a checkpoint file.
let model = try TrainedModel(path: arguments[1])
print("# \(model.vocabularySize) symbols, each a \(model.unit)")

// The surprisal of each token of a text, in nats.
try model.forEachLine(ofTextAt: arguments[2]) { line in
    for token in line.tokens {
        print(line.number, token.position, token.text, token.surprisal, token.rank, separator: "\t")
    }
}

// Texts in memory.
print("# surprisal of the line: \(try model.surprisal(of: "the cat sat")) nats")
print("# generated: \(try model.generate(after: "the", count: 10, seed: 7))")
