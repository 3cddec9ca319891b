public import Tasks

extension TaskScore {
    /// Throws `StoredRunError.overflow` if a loss is not finite. `model` is the path of the checkpoint.
    public func requireFinite(model: String, text: String) throws(StoredRunError) {
        if let firstOverflow { throw .overflow(checkpoint: model, place: "\(firstOverflow) of \(text)") }
    }
}
