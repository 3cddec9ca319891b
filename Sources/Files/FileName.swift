import Failures

/// Names of files and folders as texts. To the system, a name is bytes, which need not be UTF-8.
///
/// A byte that is no part of valid UTF-8 becomes one scalar of the private use area, U+10F700 plus the byte (`Quotation.byte(inName:)`). If a name
/// contains one of these scalars, in UTF-8, each of its four bytes becomes such a scalar. So every name has its own text, which is valid UTF-8,
/// and any other name is its own text. Every system call takes its path through `withPath`.
package enum FileName {
    private static let first: UInt32 = 0x10F700

    /// The text of a name.
    package static func text(of bytes: some Collection<UInt8>) -> String {
        if let text = String(validating: bytes, as: UTF8.self), !text.utf8.contains(0xF4) { return text }
        var text = String.UnicodeScalarView()
        var parser = Unicode.UTF8.ForwardParser()
        var rest = bytes.makeIterator()
        var start = bytes.startIndex
        while true {
            let (scalar, count): (Unicode.Scalar?, Int)
            switch parser.parseScalar(from: &rest) {
            case .emptyInput: return String(text)
            case .valid(let encoded): (scalar, count) = (Unicode.UTF8.decode(encoded), encoded.count)
            case .error(let length): (scalar, count) = (nil, length)
            }
            let end = bytes.index(start, offsetBy: count)
            if let scalar, Quotation.byte(inName: scalar) == nil {
                text.append(scalar)
            } else {
                text.append(contentsOf: bytes[start..<end].compactMap { Unicode.Scalar(first + UInt32($0)) })
            }
            start = end
        }
    }

    /// The text of a name that ends with a zero byte, as system calls return it.
    package static func text(of name: UnsafePointer<CChar>) -> String {
        var count = 0
        while name[count] != 0 { count += 1 }
        return text(of: UnsafeRawBufferPointer(start: name, count: count))
    }

    /// The bytes of the name with this text.
    package static func bytes(of text: some StringProtocol) -> [UInt8] {
        var bytes: [UInt8] = []
        for scalar in text.unicodeScalars {
            if let byte = Quotation.byte(inName: scalar) {
                bytes.append(byte)
            } else {
                bytes.append(contentsOf: Unicode.UTF8.encode(scalar)!)
            }
        }
        return bytes
    }
}

/// Calls `body` with the bytes of a path and a zero byte, for a system call.
package func withPath<Result, Failure: Error>(
    _ path: String, _ body: (UnsafePointer<CChar>) throws(Failure) -> Result
) throws(Failure) -> Result {
    let name = (FileName.bytes(of: path) + [0]).map { CChar(bitPattern: $0) }
    return try name.withUnsafeBufferPointer { (name) throws(Failure) in try body(name.baseAddress!) }
}
