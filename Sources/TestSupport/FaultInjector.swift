package import Files
import Synchronization

/// System calls with an injected fault: one call fails, or one and all later calls.
package final class FaultInjector: Sendable {
    package enum Fault: Sendable {
        /// The call fails with this `errno`.
        case error(Int32)
        /// A write writes half of its bytes. Other calls succeed.
        case shortWrite
        /// A write writes zero bytes.
        case emptyWrite
    }

    private let firstFailing: Int
    private let fault: Fault
    private let staysBroken: Bool
    private let count = Mutex(0)

    /// Makes the call with this number fail, counted from 1. With `staysBroken`, all later calls fail too.
    package init(failingCall: Int, _ fault: Fault, staysBroken: Bool = false) {
        firstFailing = failingCall
        self.fault = fault
        self.staysBroken = staysBroken
    }

    /// Whether the fault has occurred.
    package var hasFired: Bool { count.withLock { $0 >= firstFailing } }

    private func next() -> Fault? {
        count.withLock { count in
            count += 1
            return count == firstFailing || (staysBroken && count > firstFailing) ? fault : nil
        }
    }

    private func pass() throws(CallFailure) {
        if case .error(let number) = next() { throw CallFailure(errorNumber: number) }
    }

    /// The system's calls, with counting and with the fault.
    package var calls: FileSystemCalls {
        var calls = FileSystemCalls.system
        disturbReading(&calls)
        disturbWriting(&calls)
        disturbNames(&calls)
        return calls
    }

    private func disturbReading(_ calls: inout FileSystemCalls) {
        let system = FileSystemCalls.system
        calls.open = { folder, path, flags, mode throws(CallFailure) in
            try self.pass()
            return try system.open(folder, path, flags, mode)
        }
        calls.status = { folder, path, flags throws(CallFailure) in
            try self.pass()
            return try system.status(folder, path, flags)
        }
        calls.read = { descriptor, room, offset throws(CallFailure) in
            try self.pass()
            return try system.read(descriptor, room, offset)
        }
        calls.seek = { descriptor, offset, whence throws(CallFailure) in
            try self.pass()
            return try system.seek(descriptor, offset, whence)
        }
    }

    private func disturbWriting(_ calls: inout FileSystemCalls) {
        let system = FileSystemCalls.system
        calls.write = { descriptor, bytes throws(CallFailure) in
            switch self.next() {
            case .error(let number): throw CallFailure(errorNumber: number)
            case .shortWrite where bytes.count > 1:
                return try system.write(descriptor, UnsafeRawBufferPointer(rebasing: bytes.prefix(bytes.count / 2)))
            case .emptyWrite: return 0
            default: return try system.write(descriptor, bytes)
            }
        }
        calls.truncate = { descriptor, length throws(CallFailure) in
            try self.pass()
            try system.truncate(descriptor, length)
        }
        calls.synchronize = { descriptor throws(CallFailure) in
            try self.pass()
            try system.synchronize(descriptor)
        }
        // Like the kernel, a failing close closes the descriptor.
        calls.close = { descriptor throws(CallFailure) in
            try system.close(descriptor)
            try self.pass()
        }
    }

    private func disturbNames(_ calls: inout FileSystemCalls) {
        let system = FileSystemCalls.system
        calls.rename = { folder, old, new throws(CallFailure) in
            try self.pass()
            try system.rename(folder, old, new)
        }
        calls.remove = { folder, path, flags throws(CallFailure) in
            try self.pass()
            try system.remove(folder, path, flags)
        }
        calls.makeFolder = { folder, path, mode throws(CallFailure) in
            try self.pass()
            try system.makeFolder(folder, path, mode)
        }
    }
}
