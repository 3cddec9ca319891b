public import Kinds

/// The response of a run to a silent data corruption.
public enum FaultResponse: String, ConfigurationChoice {
    /// Restores the last valid checkpoint, and continues from it.
    case restore
    /// Ends the run.
    case end
}
