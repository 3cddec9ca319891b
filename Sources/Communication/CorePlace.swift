internal import CMPI

/// Where this rank's thread runs.
public enum CorePlace {
    /// Keeps the calling thread, and those it starts, on one core: of those it may use, number `index`, counted around. Local.
    ///
    /// Where the system does not let it, it runs where it did.
    public static func pin(to index: Int) { cmpi_pin(Int32(index)) }
}
