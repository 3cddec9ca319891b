/// The recurrent cell.
public enum CellKind: String, ConfigurationChoice {
    case elman
    case gru
    case lstm
}

/// The nonlinearity of an Elman cell.
public enum Nonlinearity: String, ConfigurationChoice {
    case tanh
    case relu
    case sigmoid
}

/// Where a GRU applies its reset gate.
public enum GRUReset: String, ConfigurationChoice {
    /// To the recurrent product, as PyTorch and cuDNN do.
    case after
    /// To the state before the product, as Cho et al. 2014 have it.
    case before
}

/// The recurrent state at the start of an epoch.
public enum InitialState: String, ConfigurationChoice {
    case zero
    /// A parameter, one vector a layer.
    case learned
}

/// How the recurrent matrices begin.
public enum Initialization: String, ConfigurationChoice {
    /// Evenly in plus or minus the initial scale, like all other parameters.
    case uniform
    /// Orthogonal, gate by gate, from a QR decomposition (Saxe et al. 2014).
    case orthogonal
    /// The identity, for Elman cells with relu (Le, Jaitly & Hinton 2015).
    case identity
}

/// The precision of the matrix products.
public enum Precision: String, ConfigurationChoice {
    case fp32
    case bf16
}
