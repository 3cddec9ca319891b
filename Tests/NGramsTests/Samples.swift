import Foundation
import NGrams
import TestSupport
import TextData

/// A model of a text, with its own vocabulary.
func model(of text: String, order: Int, prune: [Int] = [], minimumCount: Int = 1) throws -> KneserNey {
    let source = try TextSource(name: "test.txt", bytes: Array(text.utf8), unit: .word)
    let vocabulary = try Vocabulary(counting: source, limits: VocabularyLimits(minimumCount: minimumCount))
    return try KneserNey(NGramText(source, vocabulary: vocabulary), order: order, prune: prune)
}

/// The text of a model's ARPA file.
func arpa(_ model: KneserNey) throws -> String {
    let folder = try ScratchFolder()
    try model.write(arpa: folder.file("model.arpa"))
    return String(decoding: try folder.read("model.arpa"), as: UTF8.self)
}

/// The model of an ARPA file with this content.
func read(_ arpa: String) throws -> NGramModel {
    let folder = try ScratchFolder()
    return try NGramModel(arpa: folder.write(arpa, to: "model.arpa"))
}

/// log10 of the probability of each word of a line and of its end.
func logarithms(_ line: String, _ model: NGramModel) throws -> [Double] {
    var logarithms: [Double] = []
    let source = try TextSource(name: "line", bytes: Array((line + "\n").utf8), unit: .word)
    try model.vocabulary.encodeLines(source) { line in
        var context = NGramContext(model)
        for word in line.tokens { logarithms.append(-context.surprisal(of: word) / 2.302585092994046) }
    }
    return logarithms
}

/// Lines of words with an uneven distribution, so that counts of all sizes occur.
func randomText(lines: Int, words: Int, seed: UInt64) -> [[String]] {
    var random = SeededRandom(state: seed)
    return (0..<lines).map { _ in
        var previous = 0
        return (0..<Int.random(in: 0...9, using: &random)).map { _ in
            let spread = Int.random(in: 1...words, using: &random)
            previous = (previous * 3 + Int.random(in: 0..<spread, using: &random)) % words
            return "w\(previous)"
        }
    }
}
