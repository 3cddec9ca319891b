public import Kinds

/// Whether the ranks of a node divide the units of large recurrent layers among them. The bits do not depend on it.
public enum TeamMode: String, ConfigurationChoice {
    /// If it is likely to be faster.
    case auto
    /// If a node has at least two ranks.
    case always
    /// Never: each rank computes only its own streams.
    case never
}
