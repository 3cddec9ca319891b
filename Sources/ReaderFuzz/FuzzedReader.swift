import Checkpoints
import Configuration
import Digests
import Files
import Runs
import TextData

/// A reader of external files, to be given arbitrary bytes. It may reject them, but must not crash, hang or use much memory.
enum FuzzedReader: String, CaseIterable {
    case checkpoint, tokens, vocabulary, configuration, metrics

    /// Runs the reader on the bytes. Only its return matters, not its result.
    func read(_ bytes: UnsafeRawBufferPointer) {
        switch self {
        case .checkpoint: readCheckpoint(bytes)
        case .tokens: readTokens(bytes)
        case .vocabulary: _ = try? Vocabulary(jsonText: String(decoding: bytes, as: UTF8.self), source: "input")
        case .configuration: readConfiguration(String(decoding: bytes, as: UTF8.self))
        case .metrics: _ = try? MetricsReader(MappedFile(copying: bytes, named: "input"))
        }
    }

    /// The unchanged bytes, and the bytes with a correct digest of the header. Without it, the digest would reject every alteration.
    private func readCheckpoint(_ bytes: UnsafeRawBufferPointer) {
        readArrays(bytes)
        if let sealed = HeaderSeal.resealed(bytes) { sealed.withUnsafeBytes(readArrays) }
    }

    private func readArrays(_ bytes: UnsafeRawBufferPointer) {
        let file = ReadableFile(bytes: Array(bytes), named: "input")
        guard let reader = try? SafetensorsReader(file, requireChecksums: false) else { return }
        for array in reader.arrays where array.elementType == .float32 {
            _ = try? reader.withElements(of: array.name, as: Float.self) { $0.reduce(0, +) }
        }
        guard let checkpoint = try? StoredCheckpoint(reader) else { return }
        // A state that the reader accepts must be usable in computations.
        var state = checkpoint.state
        for count in [state.step, state.updates, state.tokens, state.epoch, state.window] { precondition(count + count >= count) }
        precondition(checkpoint.parametersDigest.utf8.count == 16)
        state.step += 1
    }

    private func readTokens(_ bytes: UnsafeRawBufferPointer) {
        readTokenFile(bytes)
        var altered = Array(bytes)
        let (tokens, own, header) = (48..<56, 56..<64, 64)
        guard altered.count >= header else { return }
        for (place, covered) in [(tokens, header..<altered.count), (own, 0..<own.lowerBound)] {
            let digest = XXH3.digest(Array(altered[covered]))
            withUnsafeBytes(of: digest.littleEndian) { altered.replaceSubrange(place, with: $0) }
        }
        altered.withUnsafeBytes(readTokenFile)
    }

    private func readTokenFile(_ bytes: UnsafeRawBufferPointer) {
        guard let file = try? TokenFile(MappedFile(copying: bytes, named: "input")), (try? file.verify()) != nil else { return }
        for position in 0..<file.count { _ = file.tokenID(at: position) }
    }

    private func readConfiguration(_ text: String) {
        guard let file = try? ConfigurationFile(text: text, path: "input") else { return }
        var configuration = TrainingConfiguration()
        file.apply(to: &configuration)
        _ = try? configuration.validate()
        _ = try? ConfigurationFile(text: configuration.toml, path: "again")
    }
}
