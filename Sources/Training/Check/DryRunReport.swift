import Communication
import Configuration
import Failures
import Runs
import Tensors
import TextData

/// The report of a dry run: one line for each item.
struct DryRunReport {
    private let preparation: DryRunPreparation
    private let calibration: Calibration?
    private let version: String
    private let notices: [String]

    init(_ preparation: DryRunPreparation, calibration: Calibration?, version: String, notices: [String] = []) {
        (self.preparation, self.calibration, self.version, self.notices) = (preparation, calibration, version, notices)
    }

    private var configuration: TrainingConfiguration { preparation.plan.configuration }
    private var check: RunCheck { preparation.check }
    private var texts: TextSummary { TextSummary(preparation.counts, preparation.plan) }

    /// Warnings about the texts and about options that do not fit together.
    var warnings: [String] { texts.warnings + (preparation.plan.isResumed ? [] : [configuration.ranksWarning].compactMap { $0 }) }

    var lines: [String] {
        ["rnntrain \(version): dry run; nothing is written"] + modelLines + memoryLines + diskLines + exchangeLines + timeLines
            + (notices + check.notices).map { "note: \($0)" } + (check.shortages.isEmpty ? ["memory and disk suffice"] : [])
    }

    private func line(_ label: String, _ text: String) -> String {
        "  " + label + String(repeating: " ", count: max(1, 12 - label.count)) + text
    }

    private func bytes(_ count: Int) -> String { NumberText.bytes(Double(count)) }

    // MARK: Model and text

    private var modelLines: [String] {
        let c = configuration
        let size =
            "\(c.cell.rawValue) \(c.layers) x \(c.hiddenSize), embedding \(c.embeddingSize)" + (c.tieWeights ? " (tied)" : "")
        return [
            line("parameters", "\(parameterText); \(size)"),
            line("text", texts.text),
        ]
            + ([preparation.splitNotice].compactMap { $0 } + preparation.passedOver.map(\.notice)).map {
                line("", $0)
            } + [
                line(
                    "steps",
                    "\(NumberText.grouped(preparation.windowCount(.train))) per epoch, \(stepText)"
                )
            ]
    }

    private var stepText: String {
        let size = "\(configuration.batchSize) x \(configuration.windowLength) tokens"
        guard configuration.separatesLines, let share = preparation.layouts[.train]?.paddingShare else { return size + " each" }
        return "\(size) each at most; \(NumberText.significant(share * 100, 3)) % of the rows are padding"
    }

    private var parameterText: String {
        let shape = configuration.modelShape(vocabularySize: preparation.vocabulary.size)
        let count = shape.parameterLayout.parameterCount
        return check.memory == nil ? "about " + NumberText.scaled(Double(count)) : NumberText.grouped(count)
    }

    // MARK: Memory

    private var memoryLines: [String] {
        guard let memory = check.memory else { return [line("memory", "more than is available")] }
        return rankLines(memory) + nodeLines(memory) + backingLines(memory)
    }

    /// Groups ranks with similar needs in one line, with the largest need of the group.
    private func rankLines(_ memory: MemoryNeeds) -> [String] {
        similarRanges(memory.privateBytes).enumerated().map { index, range in
            let most = bytes(memory.privateBytes[range].max() ?? 0)
            let text = range.count == 1 ? most : "\(most) each"
            let checkpoint = range.contains(0) ? " (\(bytes(memory.checkpointBytes)) on rank 0 to write checkpoints)" : ""
            return line(index == 0 ? "memory" : "", "\(name("rank", range)): \(text)" + checkpoint)
        }
    }

    /// Contiguous ranges of counts within a tenth of the first of the range.
    private func similarRanges(_ counts: [Int]) -> [Range<Int>] {
        counts.indices.reduce(into: []) { ranges, index in
            if let last = ranges.last, abs(counts[index] - counts[last.lowerBound]) * 10 <= counts[last.lowerBound] {
                ranges[ranges.count - 1] = last.lowerBound..<(index + 1)
            } else {
                ranges.append(index..<(index + 1))
            }
        }
    }

    private func nodeLines(_ memory: MemoryNeeds) -> [String] {
        let texts = check.hosts.map { host in
            let shared = memory.sharedBytes(ofHost: host.ranks)
            return "\(bytes(memory.bytes(ofHost: host.ranks))) in total, with \(bytes(shared)) for parameters and gradients; "
                + "\(host.memory.map(bytes) ?? "an unknown amount is") available"
        }
        return runs(texts).map { run in
            let names =
                run.range.count == 1 ? "host \(check.hosts[run.range.lowerBound].name)" : name("host", run.range) + ", each"
            return line("", "\(names): \(run.value)")
        }
    }

    private func backingLines(_ memory: MemoryNeeds) -> [String] {
        guard configuration.exchange == .window, let worst = check.worstBacking else { return [] }
        let folder = SharedWindow.backingStore.folder
        if worst.needed == 0 { return [line(folder, "not needed for one rank per host")] }
        let needed = bytes(worst.needed) + "; "
        let consequence = "so that the ranks will exchange messages, which is slower"
        guard worst.isWritable else {
            let remedy = "OMPI_MCA_osc_sm_backing_directory names another folder"
            return [line(folder, needed + "missing or not writable, \(consequence) (\(remedy))")]
        }
        let free = (worst.available.map(bytes) ?? "an unknown amount is") + " free"
        let shortage = ": too little, \(consequence) (in a container, raise --shm-size)"
        return [line(folder, needed + free + (check.windowFits ? "" : shortage))]
    }

    /// Contiguous ranges with the same text.
    private func runs(_ values: [String]) -> [(range: Range<Int>, value: String)] {
        values.enumerated().reduce(into: []) { runs, item in
            if let last = runs.last, last.value == item.element {
                runs[runs.count - 1].range = last.range.lowerBound..<(item.offset + 1)
            } else {
                runs.append((item.offset..<(item.offset + 1), item.element))
            }
        }
    }

    private func name(_ what: String, _ range: Range<Int>) -> String {
        range.count == 1 ? "\(what) \(range.lowerBound)" : "\(what)s \(range.lowerBound)-\(range.upperBound - 1)"
    }

    // MARK: Exchange, disk, time

    private var exchangeLines: [String] {
        guard let exchange = check.memory?.exchange else { return [] }
        let (added, sent) = (exchange.addedByteCountPerStep, exchange.sentByteCountPerStep)
        return [line("exchange", "\(bytes(added)) per step read and written inside nodes, \(bytes(sent)) over the network")]
    }

    private var diskLines: [String] {
        let disk = check.disk
        guard disk.checkpoint > 0 else { return [] }
        let free = disk.available.map(bytes) ?? "an unknown amount is"
        let isNamed = configuration.run != nil || configuration.usesBuiltInSource
        let place = isNamed ? disk.folder : "the folder given with --run"
        return [
            line(
                "disk",
                "\(bytes(disk.needed)) in \(place); \(free) free (a checkpoint \(bytes(disk.checkpoint)), tokens \(bytes(disk.data)), "
                    + "log \(bytes(disk.log)))"
            )
        ]
    }

    private var timeLines: [String] {
        guard let calibration else { return [line("time", "not measured: too little memory")] }
        let c = configuration
        let windows = preparation.windowCount(.train)
        let validations = c.validateEvery > 0 ? Double(windows) / Double(c.validateEvery) : 1
        let epoch =
            Double(windows) * calibration.stepSeconds
            + validations * Double(preparation.windowCount(.valid)) * calibration.evaluationSeconds
        let state = preparation.plan.state
        let left = Double(c.epochs - state.epoch + 1) - Double(state.window) / Double(max(windows, 1))
        let rest =
            preparation.plan.isResumed ? "for the rest of \(counted(c.epochs, "epoch"))" : "for \(counted(c.epochs, "epoch"))"
        let speed = Int(Double(c.batchSize) * Double(c.windowLength) / calibration.stepSeconds)
        return [
            line("time", "\(duration(epoch)) per epoch with its validation, \(duration(epoch * max(0, left))) \(rest)"),
            line(
                "",
                "\(NumberText.significant(calibration.stepSeconds * 1e3, calibration.stepSeconds < 1 ? 3 : 6)) ms per step, \(NumberText.grouped(speed)) tokens/s, "
                    + "from \(counted(calibration.stepCount, "step")); kernels \(Processor.level)"),
        ]
    }

    private func duration(_ seconds: Double) -> String {
        seconds < 10 ? NumberText.significant(seconds, 2) + "s" : NumberText.duration(seconds: seconds)
    }
}
