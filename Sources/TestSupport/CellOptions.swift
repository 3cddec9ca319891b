/// Options of runs with each cell.
public enum CellOptions {
    /// `--cell` with the name of a kind, and what it needs. They follow other options of the model.
    public static func small(_ name: String) -> [String] {
        ["--cell", name] + (name == "jordan-lm" ? ["--layers", "1"] : [])
    }
}
