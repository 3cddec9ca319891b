public import Kinds
public import Tensors

/// An elementwise update rule. The bits do not depend on which rank owns which elements.
public protocol UpdateRule: Kind, Sendable {
    init(_ settings: Settings)

    /// A learning rate with which small models learn, for a note about a rate that is far below it.
    var usualRate: Double { get }

    /// The names of the moments of each parameter, as in checkpoints. All moments are initially zero.
    var moments: [String] { get }

    /// Whether a parameter with a zero gradient does not change, so that the update may skip it.
    var leavesZeroGradientsAlone: Bool { get }

    /// When the rule begins to average the parameters; nil if it does not. Validation and the best model then use the average.
    var averaging: Averaging? { get }

    /// Updates the parameters and moments of the update's elements, and updates the sum of their bits. Allocates nothing.
    func update(_ update: ElementUpdate, bits: inout BitSum)
}

/// When a rule begins to average the parameters. The average is the first of its moments.
public enum Averaging: Sendable {
    /// After so many updates.
    case after(updates: Int)
    /// After the first validation that is worse than the best one of those `interval` and more validations before.
    case afterValidations(interval: Int)
}

extension UpdateRule {
    public var usualRate: Double { 0.002 }
    public var averaging: Averaging? { nil }
    public var leavesZeroGradientsAlone: Bool { false }
}

/// The update rules of `--optimizer`.
public enum UpdateRules: KindRegistry {
    /// All rules. To add a rule, add a file to this folder and a line here.
    static let all: [any UpdateRule.Type] = [
        SGD.self,
        Nesterov.self,
        Adam.self,
        AdamW.self,
        Adadelta.self,
        AdaGrad.self,
        RMSProp.self,
        ASGD.self,
        NTASGD.self,
    ]

    public static let key: ConfigurationKey = "optimizer"
    public static var kinds: [any Kind.Type] { all }

    /// The rule named `name`, with its settings.
    public static func rule(_ name: OptimizerKind, _ settings: Settings = Settings()) -> any UpdateRule {
        let rule = name.selected(in: all) { $0.name }
        return rule.init(settings)
    }
}

/// The name of an update rule.
public typealias OptimizerKind = KindName<UpdateRules>
