internal import CProgramBuild

/// The build of the running program.
public enum ProgramBuild {
    /// The build ID that the linker computed from the contents of the program, in lower-case hexadecimal digits, as `readelf -n` prints it (ld(1),
    /// `--build-id`). Two programs with the same build ID compute the same numbers, stripped or not. Nil if the linker wrote none.
    public static let identity: String? = {
        // SHA-1, the default of the linkers, has 20 bytes; no kind has more than 32.
        let bytes = [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
            count = buffer.baseAddress.map { cprogram_build($0, buffer.count) } ?? 0
        }
        return bytes.isEmpty ? nil : bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }()
}
