public import Kinds

/// How the ranks of a node sum their gradients.
public enum ExchangeMode: String, ConfigurationChoice {
    /// In one shared-memory window.
    case window
    /// With messages, without shared memory.
    case messages
}
