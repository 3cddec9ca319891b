import FoundationEssentials
import Glibc

extension RunLock {
    /// The job that the file of a lock names.
    public struct Holder: Sendable, Equatable, CustomStringConvertible {
        /// The name of its machine.
        public let host: String
        /// Its process id on that machine.
        public let processID: Int32
        /// When it took the lock, ISO 8601 in UTC.
        public let started: String
        /// The boot id of its machine, the same for all processes under one running kernel, independently of host names.
        public let boot: String?
        /// The start of its process, in kernel ticks since the boot. A process id is reused; the pair of both is not.
        public let birth: UInt64?

        /// A holder with these values.
        public init(host: String, processID: Int32, started: String, boot: String? = nil, birth: UInt64? = nil) {
            self.host = host
            self.processID = processID
            self.started = started
            self.boot = boot
            self.birth = birth
        }

        public var description: String { "process \(processID) on \(host), since \(started)" }
    }
}

extension RunLock.Holder {
    /// What this process can know about a holder.
    package enum Standing {
        case running, ended, unknown
    }

    /// This process as a holder.
    package static var current: RunLock.Holder {
        RunLock.Holder(
            host: hostName, processID: getpid(), started: Date().formatted(.iso8601), boot: currentBoot,
            birth: birth(of: getpid()))
    }

    /// Whether the holder still runs, for a process that has just obtained the kernel's lock on the file.
    ///
    /// Under the same kernel, a lock that can be obtained has no holder, if `kernelDecides`. The same holds if a machine of the same name has rebooted
    /// since. For another machine the answer is unknown, because only some file systems share locks among machines; without `kernelDecides` also for
    /// another boot, because two machines may have the same name.
    package func standing(kernelDecides: Bool) -> Standing {
        guard let boot, let here = Self.currentBoot else { return host == Self.hostName && kernelDecides ? .ended : .unknown }
        if boot != here { return host == Self.hostName && kernelDecides ? .ended : .unknown }
        if kernelDecides { return .ended }
        guard let birth else { return .unknown }
        return Self.birth(of: processID) == birth ? .running : .ended
    }

    /// Whether the holder ran under the running kernel of this machine.
    var isOfThisMachine: Bool { boot.map { $0 == Self.currentBoot } ?? (host == Self.hostName) }

    /// The content of the lock's file.
    package var text: String {
        var lines = ["host \(host)", "process \(processID)", "started \(started)"]
        if let boot { lines.append("boot \(boot)") }
        if let birth { lines.append("birth \(birth)") }
        return lines.map { $0 + "\n" }.joined() + Self.lastLine
    }

    /// Parses the content of a lock's file up to the first line `end`; nil if it is incomplete or something else.
    ///
    /// While a job takes a lock over, the rest of the longer content of the job before may follow that line.
    package init?(text: String) {
        var values: [Substring: String] = [:]
        guard let end = text.range(of: "\n" + Self.lastLine) else { return nil }
        for line in text[..<end.lowerBound].split(separator: "\n") {
            guard let space = line.firstIndex(of: " ") else { continue }
            values[line[..<space]] = String(line[line.index(after: space)...])
        }
        guard let host = values["host"], let process = values["process"].flatMap({ Int32($0) }) else { return nil }
        self.init(
            host: host, processID: process, started: values["started"] ?? "an unknown time", boot: values["boot"],
            birth: values["birth"].flatMap { UInt64($0) })
    }

    /// Whether a lock may have written this content: a holder, the beginning of one, or the remains of an interrupted write.
    static func isText(_ text: String) -> Bool {
        let start = "host "
        return text.hasPrefix(start) || start.hasPrefix(text) || text.utf8.allSatisfy { $0 == 0 }
    }

    private static let lastLine = "end\n"

    private static var hostName: String {
        var name = [CChar](repeating: 0, count: 256)
        let known = gethostname(&name, name.count - 1) == 0
        let host = name.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } }
        return known ? host ?? "unknown" : "unknown"
    }

    private static var currentBoot: String? {
        contents("/proc/sys/kernel/random/boot_id").map { String($0.prefix { $0 != "\n" }) }
    }

    /// The 22nd field of a process's `stat`, counted after the name, which may contain any character; nil if the process does not exist.
    private static func birth(of process: Int32) -> UInt64? {
        guard let stat = contents("/proc/\(process)/stat"), let nameEnd = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: nameEnd)...].split(separator: " ")
        let startTime = 22 - 3
        return fields.count > startTime ? UInt64(fields[startTime]) : nil
    }

    private static func contents(_ path: String) -> String? {
        (try? Data(contentsOf: URL(filePath: path))).map { String(decoding: $0, as: UTF8.self) }
    }
}
