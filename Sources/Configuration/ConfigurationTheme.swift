/// The themes that options are grouped by, in `--help` and in a written TOML file.
public enum ConfigurationTheme: String, CaseIterable, Sendable {
    case data = "Data"
    case model = "Model"
    case optimization = "Optimization"
    case convergence = "Schedule and convergence"
    case run = "Run folder, log and checkpoints"
    case faults = "Time limits and faults"
    case distribution = "Distribution over ranks"
}
