import Configuration
import Failures
import Runs
import Tasks
import TextData

/// The sizes of a run's texts, as a run and a dry run report them.
struct TextSummary {
    private let counts: [(role: TextRole, count: UnknownCount)]
    private let plan: RunPlan

    init(_ counts: [TextRole: UnknownCount], _ plan: RunPlan) {
        self.counts = TextRole.allCases.compactMap { role in counts[role].map { (role, $0) } }
        self.plan = plan
    }

    /// `word vocabulary 2,000; train 12,720 tokens (310 OOV, 2.44 %), valid 1,000 (41 OOV, 4.1 %)`; without the OOVs if the
    /// vocabulary has no `<unk>`.
    var text: String {
        let unit = plan.configuration.tokens.rawValue
        return "\(unit) vocabulary \(NumberText.grouped(plan.vocabularySize)); "
            + counts.map(tokensText).joined(separator: ", ")
    }

    private func tokensText(_ role: TextRole, _ count: UnknownCount) -> String {
        let unknown =
            plan.symbols.special.unknown == nil ? "" : " (\(NumberText.grouped(count.unknown)) OOV, \(count.percent))"
        let tokens = role == .train ? NumberText.counted(count.tokens, "token") : NumberText.grouped(count.tokens)
        return "\(role.rawValue) \(tokens)\(unknown)"
    }

    /// A warning of OOVs if the probability of `<unk>` is not trained; otherwise one for each text with many OOVs.
    var warnings: [String] {
        if let untrainedWarning { return [untrainedWarning] }
        let predictsTokens = plan.configuration.taskType.predictsTokens
        return counts.compactMap { role, count in
            predictsTokens
                ? count.warning(of: role.title, advice: advice) : count.warning(ofLabels: role.title, advice: advice)
        }
    }

    private var untrainedWarning: String? {
        let scored = counts.filter { $0.role != .train && $0.count.unknown > 0 }
        guard plan.configuration.taskType.predictsTokens, !scored.isEmpty,
            counts.contains(where: { $0.role == .train && $0.count.unknown == 0 })
        else { return nil }
        let numbers = scored.map { "\($0.role.rawValue) \(NumberText.grouped($0.count.unknown))" }.joined(separator: ", ")
        let limits = plan.configuration.vocabularyLimits
        let training =
            plan.configuration.tokens == .sentencepiece
            ? "Report" : limits.minimumCount > 1 ? "Use a higher --minimum-count, or report" : "Use --minimum-count 2, or report"
        return
            "no token of the training text is outside the vocabulary, so the probability of <unk> is not trained, and the perplexity of texts with "
            + "OOVs means nothing (\(numbers)). \(training) the perplexity without OOVs."
    }

    /// The advice for many OOVs, which depends on whether the vocabulary's limit is their cause.
    private var advice: String {
        let limits = plan.configuration.vocabularyLimits
        if let size = limits.size, plan.vocabularySize >= size {
            return "Raise --vocabulary-size, or use texts of the same kind."
        }
        return switch limits.minimumCount {
        case ...1:
            "Use a larger training text of the same kind, and --minimum-count 2, so that the probability of <unk> is "
                + "trained."
        case 2: "Use a larger training text of the same kind."
        default: "Use a larger training text of the same kind, or a lower --minimum-count, but at least 2."
        }
    }

    /// The fields of the event `start` or `resume`.
    var fields: [(String, MetricsLog.Value)] {
        counts.flatMap { role, count -> [(String, MetricsLog.Value)] in
            let tokens = [("\(role.rawValue)_tokens", MetricsLog.Value.integer(count.tokens))]
            return (role == .train ? [] : tokens) + [("\(role.rawValue)_oovs", .integer(count.unknown))]
        }
    }
}
