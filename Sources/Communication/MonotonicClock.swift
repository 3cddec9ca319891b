internal import CMPI

/// The monotonic clock of the system.
public enum MonotonicClock {
    /// Nanoseconds since a fixed, unspecified moment.
    public static var nanoseconds: Int64 { cmpi_nanoseconds() }
    /// The value of `nanoseconds` at the start of this process.
    public static var processStart: Int64 { cmpi_process_start() }
    /// Seconds since the start of this process.
    public static var elapsedSeconds: Double { Double(nanoseconds - processStart) / 1e9 }
}
