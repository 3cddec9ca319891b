public import Kinds
public import Tensors

/// Averaged SGD: `p = p * (1 - lambda * eta) - eta * g` with `eta = rate / (1 + lambda * rate * (t-1))^power` at update t; validation and the best
/// model use the mean of p over the updates after the first `--asgd-start` + 1: as in PyTorch, the first of the following updates only sets the mean's
/// start, which the next one replaces. The weight decay is added to the gradient.
///
/// Source: Polyak & Juditsky 1992; torch.optim.ASGD, whose defaults for lambda and the start are 1e-4 and a million.
public struct ASGD: UpdateRule {
    public static let name = "asgd"
    public static let summary =
        "Averaged SGD (Polyak & Juditsky 1992, torch.optim.ASGD), `p = p * (1 - lambda * eta) - eta * g`, `eta = rate / (1 + lambda * rate * (t - 1))^power` in update t, with lambda `asgd-decay` (0: `p -= rate * g`); validation and the best model use the mean of the parameters over the updates after the first `asgd-start` + 1, as PyTorch does."
    public static let settings: [any DeclaredSetting] = [start, decay, power, RuleSettings.weightDecay]

    public static let start = Setting(
        "asgd-start", 0, range: .whole(1...ValueRange<Int>.most, orZero: "for the first"), placeholder: "n",
        "Updates before the mean begins; it contains the updates after the next one, as in PyTorch.")
    public static let decay = Setting(
        "asgd-decay", 0.0, range: .number(orZero: "for none"), placeholder: "x",
        "Lambda: shrinks the parameters, and the rate with the number of updates; 0: off.")
    public static let power = Setting(
        "asgd-power", 0.75, range: .number(upTo: 1), placeholder: "x", "Power with which the rate falls if lambda is not 0.")

    public let usualRate = 5.0

    private let step: AveragedStep
    private let start: Int

    public init(_ settings: Settings) {
        step = AveragedStep(settings)
        start = settings[Self.start]
    }

    public var moments: [String] { AveragedStep.moments }
    public var averaging: Averaging? { .after(updates: start) }

    public func update(_ update: ElementUpdate, bits: inout BitSum) { step.run(update, bits: &bits) }
}

/// SGD whose parameters are averaged from the validation on that is worse than the best of those more than `--nt-asgd-interval` validations
/// before: the steps of ``ASGD``.
///
/// Source: Merity, Keskar & Socher 2018, algorithm 1 (NT-ASGD).
public struct NTASGD: UpdateRule {
    public static let name = "nt-asgd"
    public static let summary =
        "SGD, averaged as asgd from the validation on that is worse than the best one of those more than `nt-asgd-interval` validations before (Merity et al. 2018)."
    public static let settings: [any DeclaredSetting] = [interval, ASGD.decay, ASGD.power, RuleSettings.weightDecay]

    public static let interval = Setting(
        "nt-asgd-interval", 5, range: .whole(1...1000), placeholder: "n",
        "Validations that may be worse than one before, until the mean begins.")

    public let usualRate = 5.0

    private let step: AveragedStep
    private let interval: Int

    public init(_ settings: Settings) {
        step = AveragedStep(settings)
        interval = settings[Self.interval]
    }

    public var moments: [String] { AveragedStep.moments }
    public var averaging: Averaging? { .afterValidations(interval: interval) }

    public func update(_ update: ElementUpdate, bits: inout BitSum) { step.run(update, bits: &bits) }
}

/// The steps of both rules.
private struct AveragedStep: Sendable {
    static let moments = ["average"]

    private let lambda: Double
    private let power: Double
    private let weightDecay: Float
    private let kernel = UpdateKernel("asgd")

    init(_ settings: Settings) {
        lambda = settings[ASGD.decay]
        power = settings[ASGD.power]
        weightDecay = Float(settings[RuleSettings.weightDecay])
    }

    func run(_ update: ElementUpdate, bits: inout BitSum) {
        let rate = Double(update.rate)
        let growth = 1 + lambda * rate * Double(update.number - 1)
        let eta = lambda == 0 ? rate : rate * RowKernels.exp(-power * RowKernels.log(growth))
        // Until the average begins it is the parameters themselves.
        let averaged = update.averagingStart.map { max(1, update.number - 1 - $0) } ?? 1
        kernel.run(
            update, [Float(eta), Float(1 - lambda * eta), 1 / Float(averaged), weightDecay, 0, 0, 0, 0], bits: &bits)
    }
}
