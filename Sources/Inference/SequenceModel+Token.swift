import Models

extension SequenceModel {
    /// Reads one token; the logits and the state are then those after it. The model has one stream and windows of one step or more.
    ///
    /// - Parameter lineEnd: the token before which the state is reset, because it begins a line of a model of lines; nil for none.
    func read(_ token: Int32, lineEnd: Int32? = nil) {
        if token == lineEnd { resetState() }
        forward([token], steps: 1)
        carryState(steps: 1)
    }
}
