public import Kinds

/// Whether the ranks of a node divide the steps of large recurrent layers among them, by units; to the same bits either way.
public enum TeamMode: String, ConfigurationChoice {
    /// Where it is likely to be faster.
    case auto
    /// Wherever a node has two ranks or more.
    case always
    /// Each rank works on its own streams alone.
    case never
}
