import Communication

/// Reading was stopped by a signal or a time limit.
struct TextInterruption: Error {
    let reason: StopReason
}
