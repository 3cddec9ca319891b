import Foundation

/// A copy of a program of this package with another build ID.
package struct OtherBuild {
    package let path: String
    /// The build ID of the program.
    package let original: String
    /// That of the copy.
    package let changed: String

    private struct NoBuild: Error {}

    /// Copies a program that prints its build ID with `--version`.
    package init(of name: String, to path: String) throws {
        let program = ProgramRun.buildFolder.appending(path: name)
        let version = try ProgramRun.alone(name, ["--version"]).output
        guard let build = version.firstMatch(of: /, build ([0-9a-f]+)\n/).map({ String($0.1) }) else { throw NoBuild() }
        let bytes = try stride(from: 0, to: build.count, by: 2).map { start in
            guard let byte = UInt8(build.dropFirst(start).prefix(2), radix: 16) else { throw NoBuild() }
            return byte
        }
        var contents = try Data(contentsOf: program)
        guard let place = contents.range(of: Data(bytes)), let digit = build.first?.hexDigitValue else { throw NoBuild() }
        contents[place.lowerBound] ^= 0xF0
        try contents.write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        (self.path, original, changed) = (path, build, String(digit ^ 0xF, radix: 16) + build.dropFirst())
    }
}
