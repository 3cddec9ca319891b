public import Kinds

/// What clipping limits.
public enum ClipMode: String, ConfigurationChoice {
    /// The norm of the whole gradient (Pascanu et al. 2013).
    case norm
    /// Each element of the gradient.
    case value
}
