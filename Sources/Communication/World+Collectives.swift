internal import CMPI

extension World {
    /// `MPI_Barrier`. Inside a step, use `SleepingBarrier`, which is faster and lets waiting ranks sleep.
    public func barrier() throws(CommunicationError) {
        try check(cmpi_barrier(ordered), "MPI_Barrier")
    }

    /// Copies the root's bytes into the buffer of every rank. The length is the same on all ranks.
    public func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int = 0) throws(CommunicationError) {
        try check(cmpi_broadcast(ordered, bytes.baseAddress, Int64(bytes.count), Int32(root)), "MPI_Bcast")
    }

    /// Returns the root's value on every rank.
    public func broadcast<T: BitwiseCopyable>(_ value: T, from root: Int = 0) throws(CommunicationError) -> T {
        var value = value
        try check(cmpi_broadcast(ordered, &value, Int64(MemoryLayout<T>.size), Int32(root)), "MPI_Bcast")
        return value
    }

    /// Returns the root's array on every rank. The other ranks may pass an empty array.
    public func broadcast<T: BitwiseCopyable>(_ array: [T], from root: Int = 0) throws(CommunicationError) -> [T] {
        let count = try broadcast(array.count, from: root)
        guard count > 0 else { return [] }
        var copy = rank == root ? array : []
        if rank != root {
            copy = [T](unsafeUninitializedCapacity: count) { buffer, filled in
                UnsafeMutableRawBufferPointer(buffer).initializeMemory(as: UInt8.self, repeating: 0)
                filled = count
            }
        }
        let byteCount = Int64(count * MemoryLayout<T>.stride)
        try check(cmpi_broadcast(ordered, &copy, byteCount, Int32(root)), "MPI_Bcast")
        return copy
    }

    /// Returns the root's text on every rank.
    public func broadcast(_ text: String, from root: Int = 0) throws(CommunicationError) -> String {
        String(decoding: try broadcast([UInt8](text.utf8), from: root), as: UTF8.self)
    }

    /// Returns the values of all ranks, in rank order, on every rank.
    public func allgather<T: BitwiseCopyable>(_ value: T) throws(CommunicationError) -> [T] {
        var value = value
        var all = [T](repeating: value, count: rankCount)
        // Array elements are `stride` bytes apart. Reading `stride` bytes of a smaller value would read beyond its end.
        let stride = MemoryLayout<T>.stride
        precondition(stride == MemoryLayout<T>.size, "allgather of a type whose size is not its stride")
        try check(cmpi_allgather(ordered, &value, Int64(stride), &all), "MPI_Allgather")
        return all
    }

    /// Returns the concatenated arrays of all ranks, in rank order, on every rank. All arrays have the same length.
    public func allgather<T: BitwiseCopyable>(_ array: [T]) throws(CommunicationError) -> [T] {
        guard let first = array.first else { return [] }
        var all = [T](repeating: first, count: array.count * rankCount)
        try check(cmpi_allgather(ordered, array, Int64(array.count * MemoryLayout<T>.stride), &all), "MPI_Allgather")
        return all
    }

    /// Returns the concatenated arrays of all ranks, in rank order, on rank 0, and an empty array on other ranks. Lengths may differ.
    public func gather<T: BitwiseCopyable>(_ array: [T]) throws(CommunicationError) -> [T] {
        let counts = try allgather(Int64(array.count * MemoryLayout<T>.stride))
        let total = isRoot ? Int(counts.reduce(0, +)) / MemoryLayout<T>.stride : 0
        var failure: CommunicationError?
        let all = [T](unsafeUninitializedCapacity: total) { buffer, filled in
            do throws(CommunicationError) {
                let code = array.withUnsafeBytes {
                    cmpi_gatherv(ordered, $0.baseAddress, counts, UnsafeMutableRawPointer(buffer.baseAddress), 0)
                }
                try check(code, "MPI_Isend or MPI_Irecv")
                filled = total
            } catch { failure = error }
        }
        if let failure { throw failure }
        return all
    }

    /// Returns the maximum of the values of all ranks, on every rank.
    public func max(_ value: Int) throws(CommunicationError) -> Int {
        var greatest = Int64(value)
        try check(cmpi_max_int64(ordered, &greatest, 1), "MPI_Allreduce")
        return Int(greatest)
    }

    /// `MPI_Allreduce` with `MPI_SUM`, for comparison in benchmarks only. Training uses `Exchange` instead, because here the order of the sum,
    /// and so its bits, depend on the MPI library and the rank count.
    public func benchmarkAllreduce(
        _ mine: UnsafePointer<Float>, into sum: UnsafeMutablePointer<Float>, count: Int
    ) throws(CommunicationError) {
        try check(cmpi_benchmark_allreduce_float(ordered, mine, sum, Int64(count)), "MPI_Allreduce")
    }
}
