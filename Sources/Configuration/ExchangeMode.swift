public import Kinds

/// How the ranks of a node sum their gradients.
public enum ExchangeMode: String, ConfigurationChoice {
    /// Side by side in one shared-memory window.
    case window
    /// By messages, which needs no shared memory.
    case messages
}
