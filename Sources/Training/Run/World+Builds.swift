import Communication
import Digests

extension World {
    /// The different builds of the program that the ranks run, in the order of the ranks; none for ranks whose program has no build ID. Collective.
    func builds() throws -> [String] {
        let length = 64
        let own = Array((ProgramBuild.identity ?? "").utf8.prefix(length))
        let all = try allgather(own + [UInt8](repeating: 0, count: length - own.count))
        let texts = stride(from: 0, to: all.count, by: length).map {
            String(decoding: all[$0..<$0 + length].prefix { $0 != 0 }, as: UTF8.self)
        }
        return texts.enumerated().filter { !$0.element.isEmpty && !texts.prefix($0.offset).contains($0.element) }.map(\.element)
    }
}
