/// A file format other than plain text, recognised by its first bytes.
public enum FileFormat: Sendable, Equatable, CaseIterable {
    case utf32LittleEndian, utf32BigEndian, utf16LittleEndian, utf16BigEndian
    case gzip, xz, zip, bzip2, zstandard, pdf

    /// The format of a file that begins with `bytes`; nil if it is none of these.
    package init?(_ bytes: UnsafeRawBufferPointer) {
        let found = Self.allCases.first { format in bytes.starts(with: format.signature) }
        guard let found else { return nil }
        self = found
    }

    /// UTF-32 comes before UTF-16, because its byte-order mark begins with that of UTF-16. Sources: RFC 1952, RFC 8878, the specifications
    /// of the xz and zip formats, and ISO 32000.
    private var signature: [UInt8] {
        switch self {
        case .utf32LittleEndian: [0xFF, 0xFE, 0, 0]
        case .utf32BigEndian: [0, 0, 0xFE, 0xFF]
        case .utf16LittleEndian: [0xFF, 0xFE]
        case .utf16BigEndian: [0xFE, 0xFF]
        case .gzip: [0x1F, 0x8B]
        case .xz: [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0]
        case .zip: [0x50, 0x4B, 3, 4]
        case .bzip2: [0x42, 0x5A, 0x68]
        case .zstandard: [0x28, 0xB5, 0x2F, 0xFD]
        case .pdf: [0x25, 0x50, 0x44, 0x46, 0x2D]
        }
    }

    /// Whether the first bytes alone identify the format, because no text begins with them. Otherwise the file must also contain invalid
    /// UTF-8.
    package var isCertain: Bool { self != .bzip2 && self != .pdf }

    /// The name of the format.
    package var name: String {
        switch self {
        case .utf32LittleEndian, .utf32BigEndian: "UTF-32"
        case .utf16LittleEndian, .utf16BigEndian: "UTF-16"
        case .gzip: "gzip"
        case .xz: "xz"
        case .zip: "zip"
        case .bzip2: "bzip2"
        case .zstandard: "zstd"
        case .pdf: "PDF"
        }
    }

    /// Advice for a file of this format.
    package var advice: String {
        switch self {
        case .utf32LittleEndian, .utf32BigEndian: "Convert it (iconv -f UTF-32 -t UTF-8)"
        case .utf16LittleEndian, .utf16BigEndian: "Convert it (iconv -f UTF-16 -t UTF-8)"
        case .gzip: "Unpack it (gunzip)"
        case .xz: "Unpack it (unxz)"
        case .zip: "Unpack it (unzip)"
        case .bzip2: "Unpack it (bunzip2)"
        case .zstandard: "Unpack it (unzstd)"
        case .pdf: "Extract its text (pdftotext)"
        }
    }
}
