public import Kinds

/// What a run does when it finds that bits have changed by themselves.
public enum FaultResponse: String, ConfigurationChoice {
    /// Goes back to the last good checkpoint, and on from there.
    case restore
    /// Ends.
    case end
}
