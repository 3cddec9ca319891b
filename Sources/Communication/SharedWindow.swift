internal import CMPI

/// Memory that all ranks of a node read and write. It is initially zero.
///
/// A node of one rank uses private memory, with huge pages if the system provides them. Source: MPI-3.1, section 11.2.3.
public final class SharedWindow {
    /// The first byte, aligned to 4096.
    public let base: UnsafeMutableRawPointer
    /// The number of bytes.
    public let byteCount: Int
    private let group: Communicator
    private let handle: OpaquePointer

    /// Allocates the window. Collective over the node; `byteCount` is the same on all its ranks.
    public init(in group: Communicator, byteCount: Int) throws(CommunicationError) {
        var handle: OpaquePointer?
        let code = cmpi_window_create(group.handle, Int64(byteCount), &handle)
        if group.rankCount == 1 {
            try check(code, "mmap")
        } else {
            try check(
                code, "MPI_Win_allocate_shared",
                advice: "Use --exchange messages, or make \(Self.backingStore.folder) writable.")
        }
        self.group = group
        self.handle = handle!
        self.byteCount = byteCount
        base = cmpi_window_base(handle)
    }

    /// Frees the window. All ranks of the node must reach this point in the same order, and before the world's `finish`.
    deinit { _ = cmpi_window_free(handle) }

    /// Touches a byte range for the first time, which places its pages near this rank's core. Local.
    ///
    /// Returns false if the system has no memory for the range. Writing to it would then raise SIGBUS.
    public func populate(_ bytes: Range<Int>) -> Bool {
        cmpi_populate(base + bytes.lowerBound, Int64(bytes.count)) == 0
    }

    /// Whether this process may create files in the folder that backs shared windows. Local.
    public static var backingStoreIsWritable: Bool { cmpi_backing_is_writable() != 0 }

    /// The folder that backs shared windows, and its free bytes: 0 if no file can be created in it, nil if the system does not report them. Local.
    public static var backingStore: (folder: String, available: Int?) {
        let available = cmpi_backing_available()
        return (String(cString: cmpi_backing_folder()), available < 0 ? nil : Int(available))
    }
}
