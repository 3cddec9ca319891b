public import Optimizers

// The choices that lower floors define, as values of a configuration.
extension OptimizerKind: ConfigurationChoice {}
extension ScheduleKind: ConfigurationChoice {}

/// What clipping limits.
public enum ClipMode: String, ConfigurationChoice {
    /// The norm of the whole gradient (Pascanu et al. 2013).
    case norm
    /// Each element of the gradient.
    case value
}
