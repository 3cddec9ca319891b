public import Kinds
public import Tensors

/// A rule by which parameters follow their gradient, element by element: who owns which elements does not touch the bits.
public protocol UpdateRule: Kind, Sendable {
    init(_ settings: Settings)

    /// Names of the moments that are kept for each parameter, as a checkpoint has them; all are zero at first.
    var moments: [String] { get }

    /// Whether a parameter with a zero gradient stays as it is, so that it may be passed over.
    var leavesZeroGradientsAlone: Bool { get }

    /// Moves the parameters and moments of the update's elements, and keeps up the sum of their bits. Allocates nothing.
    func update(_ update: ElementUpdate, bits: inout BitSum)
}

extension UpdateRule {
    public var leavesZeroGradientsAlone: Bool { false }
}

/// The update rules among which `--optimizer` chooses.
public enum UpdateRules: KindRegistry {
    /// Every rule: a new one is a file beside this one and a line here.
    static let all: [any UpdateRule.Type] = [
        SGD.self,
        Nesterov.self,
        Adam.self,
        AdamW.self,
        Adadelta.self,
        AdaGrad.self,
        RMSProp.self,
    ]

    public static let key: ConfigurationKey = "optimizer"
    public static var kinds: [any Kind.Type] { all }

    /// The rule with this name, and its settings.
    public static func rule(_ name: OptimizerKind, _ settings: Settings = Settings()) -> any UpdateRule {
        guard let rule = all.first(where: { $0.name == name.rawValue }) else {
            preconditionFailure("\(name.rawValue) is no rule, and yet a name of one")
        }
        return rule.init(settings)
    }
}

public typealias OptimizerKind = KindName<UpdateRules>
