import Failures

/// A prompt of several lines, although each generated line begins with the prompt.
struct PromptLinesError: UserFacingError {
    let lineEndCount: Int

    var exitStatus: ExitStatus { .usage }

    var description: String {
        "--prompt has \(counted(lineEndCount, "line end")) before its end, but each generated line begins with the prompt. Give one line; "
            + "with a model of --batching streams, a prompt of several lines needs --separator, or generate without --samples."
    }

    /// Removes a line end at the end of a prompt, which may come from the standard input. Throws if the prompt has another one.
    static func takeLine(_ prompt: inout [Int32], lineEnd: Int32?) throws(PromptLinesError) {
        guard let lineEnd else { return }
        if prompt.last == lineEnd { prompt.removeLast() }
        let count = prompt.count { $0 == lineEnd }
        if count > 0 { throw PromptLinesError(lineEndCount: count) }
    }
}
