/// The optimizer.
public enum OptimizerKind: String, ConfigurationChoice {
    /// Stochastic gradient descent, with momentum if asked for.
    case sgd
    /// Kingma & Ba 2015; weight decay is added to the gradient.
    case adam
    /// Loshchilov & Hutter 2019; weight decay acts on the parameters.
    case adamw
}

/// What clipping limits.
public enum ClipMode: String, ConfigurationChoice {
    /// The norm of the whole gradient (Pascanu et al. 2013).
    case norm
    /// Each element of the gradient.
    case value
}

/// How the learning rate changes.
public enum ScheduleKind: String, ConfigurationChoice {
    case constant
    /// A factor after each epoch, from some epoch on (Zaremba et al. 2014).
    case step
    /// A factor after each validation without improvement.
    case plateau
    /// `g0 / (1 + g0 * lambda * t)` after t updates (Bottou 2012).
    case inverse
}
