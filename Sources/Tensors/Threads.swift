import Glibc

/// Runs `body` with each number from 0 to `count` - 1, all at once: number 0 on the calling thread, the others on threads of their own. Waits for all.
///
/// If the system allows no further thread, the calling thread runs the numbers that are left. Dispatch, in such a case, waits for ever or ends the
/// process.
package func onThreads(_ count: Int, _ body: (Int) -> Void) {
    withoutActuallyEscaping(body) { body in
        var threads: [pthread_t] = []
        var number = 1
        while number < count, let thread = started(NumberedWork(number: number, body: body)) {
            threads.append(thread)
            number += 1
        }
        if count > 0 { body(0) }
        while number < count {
            body(number)
            number += 1
        }
        for thread in threads { pthread_join(thread, nil) }
    }
}

/// The work of a thread.
private final class NumberedWork {
    let number: Int
    let body: (Int) -> Void

    init(number: Int, body: @escaping (Int) -> Void) { (self.number, self.body) = (number, body) }
}

/// A new thread that does `work`; nil if the system refuses it.
private func started(_ work: NumberedWork) -> pthread_t? {
    let context = Unmanaged.passRetained(work)
    var thread = pthread_t()
    let code = pthread_create(
        &thread, nil,
        { context in
            guard let context else { return nil }
            let work = Unmanaged<NumberedWork>.fromOpaque(context).takeRetainedValue()
            work.body(work.number)
            return nil
        }, context.toOpaque())
    if code != 0 { context.release() }
    return code == 0 ? thread : nil
}
