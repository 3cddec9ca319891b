import Foundation

#if FUZZER
    /// The entry point for libFuzzer. The environment variable RNNTRAIN_FUZZ selects the reader.
    @_cdecl("LLVMFuzzerTestOneInput")
    public func fuzzOneInput(_ start: UnsafeRawPointer?, _ count: Int) -> Int32 {
        chosenReader.read(UnsafeRawBufferPointer(start: start, count: count))
        return 0
    }

    private let chosenReader: FuzzedReader = {
        let name = ProcessInfo.processInfo.environment["RNNTRAIN_FUZZ"] ?? ""
        guard let reader = FuzzedReader(rawValue: name) else { preconditionFailure("RNNTRAIN_FUZZ is '\(name)'") }
        return reader
    }()
#else
    /// `reader-fuzz <reader> <seconds> <seed> <file>...`: passes altered files to a reader until the time is over.
    ///
    /// Built with `--sanitize=fuzzer -Xswiftc -DFUZZER` (`launch/fuzz`), the program runs libFuzzer instead.
    @main
    struct ReaderFuzz {
        static func main() throws {
            let arguments = CommandLine.arguments.dropFirst()
            guard arguments.count >= 4, let reader = FuzzedReader(rawValue: arguments[1]), let seconds = Double(arguments[2]),
                let seed = UInt64(arguments[3])
            else {
                let readers = FuzzedReader.allCases.map(\.rawValue).joined(separator: "|")
                print("usage: reader-fuzz \(readers) <seconds> <seed> <file>...")
                exit(64)
            }
            let files = try arguments.dropFirst(3).map { Array(try Data(contentsOf: URL(filePath: $0))) }
            let count = try run(reader, files, seconds: seconds, mutator: Mutator(seed: seed))
            print("\(reader.rawValue): \(count) inputs")
        }

        /// Returns the number of inputs. The current input is in a file, which remains after a crash.
        private static func run(
            _ reader: FuzzedReader, _ files: [[UInt8]], seconds: Double, mutator: consuming Mutator
        ) throws -> Int {
            let record = try InputRecord(path: "crash-\(reader.rawValue)")
            var count = 0
            let end = Date(timeIntervalSinceNow: seconds)
            while Date() < end {
                let input = mutator.mutated(files[mutator.below(files.count)], other: files[mutator.below(files.count)])
                input.withUnsafeBytes {
                    record.note($0)
                    reader.read($0)
                }
                count += 1
            }
            record.remove()
            return count
        }
    }

    /// The current input in a mapped file, which remains after the process has died.
    private struct InputRecord {
        private static let capacity = 1 << 20
        private let path: String
        private let memory: UnsafeMutableRawPointer

        init(path: String) throws {
            self.path = path
            let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC, 0o600)
            guard descriptor >= 0, ftruncate(descriptor, off_t(Self.capacity)) == 0,
                let memory = mmap(nil, Self.capacity, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), memory != MAP_FAILED
            else { throw POSIXError(.EIO) }
            close(descriptor)
            self.memory = memory
        }

        /// Writes the length of the input as eight bytes, then the input.
        func note(_ input: UnsafeRawBufferPointer) {
            let count = min(input.count, Self.capacity - 8)
            memory.storeBytes(of: UInt64(count).littleEndian, as: UInt64.self)
            if let start = input.baseAddress { (memory + 8).copyMemory(from: start, byteCount: count) }
        }

        func remove() {
            munmap(memory, Self.capacity)
            unlink(path)
        }
    }
#endif
