import Checkpoints
package import Files
import Foundation
import Reports

/// The TensorBoard event file of a run: the figures of `metrics.jsonl` as scalars, and its samples as texts. Only rank 0 has one.
///
/// TensorBoard stops reading a file at an incomplete or damaged record. Opening the file therefore removes an incomplete last record. A
/// file with a damaged record is renamed, and a new file is begun; TensorBoard reads both. A resumed run, a run that starts again, and a run
/// that returned to a checkpoint mark the step at which they continue, so that TensorBoard discards the later points of the abandoned steps. Each
/// mark is written twice, because TensorBoard's loader in Python discards nothing at the first mark that it finds.
package final class TensorBoardLog {
    private let file: RetriedAppender
    /// Seconds since 1970.
    private let clock: () -> Double
    /// The last step in the file whose points belong to the run; nil for that at which the job begins.
    private let lastStep: Int?

    /// Opens or creates the file.
    ///
    /// - Parameter lastStep: the last step in the file whose points belong to the run, if it is before that at which the job begins: a job without
    ///   this file may have abandoned later ones.
    package init(
        at place: FilePlace, lastStep: Int? = nil, clock: @escaping () -> Double = { Date().timeIntervalSince1970 }
    ) throws {
        self.clock = clock
        self.lastStep = lastStep
        file = try RetriedAppender(
            at: place, framing: .framed(damagedName: RunFile.damagedEvents, extent: EventRecord.extent), isLog: false,
            opening: { EventRecord(wallTime: clock(), step: 0, content: .fileVersion).bytes })
    }

    /// Appends what a line of `metrics.jsonl` says. Lines without figures are ignored.
    func write(_ event: String, _ fields: [(String, MetricsLog.Value)]) throws {
        guard case .integer(let step)? = Self.value("step", fields) else { return }
        switch event {
        case "resume": try mark(min(step, lastStep ?? step) + 1)
        case "start" where file.isNew: return
        case "start", "rollback": try mark(step + 1)
        case "sample":
            guard case .text(let text)? = Self.value("text", fields) else { return }
            try append(.text(tag: event, text), step: step)
        default:
            guard let group = Self.groups[event] else { return }
            let scalars = fields.compactMap { name, value in Self.scalar(name, value, in: group) }
            if !scalars.isEmpty { try append(.scalars(scalars), step: step) }
        }
    }

    /// Writes what is not written yet, as `MetricsLog.finish`.
    func finish() throws { try file.finish() }

    /// Tries once more to write what is not written yet, as `MetricsLog.tryBeforeEnd`.
    func tryBeforeEnd() { file.tryBeforeEnd() }

    /// Marks the step at which the job continues.
    private func mark(_ step: Int) throws {
        for _ in 0..<2 { try append(.start, step: step) }
    }

    private func append(_ content: EventRecord.Content, step: Int = 0) throws {
        try file.append(EventRecord(wallTime: clock(), step: step, content: content).bytes, step: step)
    }

    /// A group of tags for the lines with this event: the prefix that fields must have, which is removed, and the tags' prefix.
    private struct Group {
        let prefix: String
        let name: String
    }

    private static let groups = [
        "step": Group(prefix: "", name: "train"), "validation": Group(prefix: "", name: "validation"),
        "end": Group(prefix: "test_", name: "test"), "gradients": Group(prefix: "hidden_gradient_", name: "hidden_gradient"),
    ]

    private static func value(_ name: String, _ fields: [(String, MetricsLog.Value)]) -> MetricsLog.Value? {
        fields.first { $0.0 == name }?.1
    }

    private static func scalar(_ name: String, _ value: MetricsLog.Value, in group: Group) -> EventRecord.Scalar? {
        guard name.hasPrefix(group.prefix), name != "step", name != "streams" else { return nil }
        let tag = "\(group.name)/\(name.dropFirst(group.prefix.count))"
        switch value {
        case .integer(let integer): return .init(tag: tag, value: Double(integer))
        case .number(let number): return .init(tag: tag, value: number)
        case .text, .flag, .null: return nil
        }
    }
}
