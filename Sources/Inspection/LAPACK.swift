package import Failures
import Foundation

/// A complex number.
package struct ComplexNumber: Equatable, Sendable {
    package var real: Double
    package var imaginary: Double

    package init(_ real: Double, _ imaginary: Double = 0) { (self.real, self.imaginary) = (real, imaginary) }

    package var magnitude: Double { hypot(real, imaginary) }
}

/// LAPACK, loaded when it is needed: training and the other commands run without it.
///
/// The last digits of its results depend on the library's version and on the processor.
package struct LAPACK: Sendable {
    /// `dgeev`: sizes and strings by address, the lengths of the two strings at the end, as Fortran passes them.
    private typealias EigenvalueRoutine =
        @convention(c) (
            UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafePointer<Int32>, UnsafeMutablePointer<Double>, UnsafePointer<Int32>,
            UnsafeMutablePointer<Double>, UnsafeMutablePointer<Double>, UnsafeMutablePointer<Double>, UnsafePointer<Int32>,
            UnsafeMutablePointer<Double>, UnsafePointer<Int32>, UnsafeMutablePointer<Double>, UnsafePointer<Int32>,
            UnsafeMutablePointer<Int32>, Int, Int
        ) -> Void

    /// The libraries that have LAPACK's routines on Debian and Ubuntu, and the link of their development packages.
    package static let libraries = ["libopenblas.so.0", "liblapack.so.3", "libopenblas.so"]

    private let dgeev: EigenvalueRoutine

    /// - Throws: `LAPACKError.notFound`.
    package init(libraries: [String] = Self.libraries) throws {
        // OpenBLAS would start a thread for each core, which wait for ever for their memory if a limit of the process leaves them none.
        setenv("OPENBLAS_NUM_THREADS", "1", 1)
        for library in libraries {
            guard let handle = dlopen(library, RTLD_NOW | RTLD_LOCAL), let routine = dlsym(handle, "dgeev_") else { continue }
            dgeev = unsafeBitCast(routine, to: EigenvalueRoutine.self)
            return
        }
        throw LAPACKError.notFound(libraries: libraries)
    }

    /// The eigenvalues of `matrix` `[count, count]`, row by row, by descending magnitude. Nil if a value is not finite, or if the
    /// iteration of LAPACK does not converge.
    package func eigenvalues(of matrix: [Double], count: Int) -> [ComplexNumber]? {
        precondition(matrix.count == count * count, "\(matrix.count) elements of a square matrix of \(count) rows")
        guard matrix.allSatisfy(\.isFinite) else { return nil }
        // LAPACK reads the matrix by columns; its transpose has the same eigenvalues.
        var a = matrix
        var (real, imaginary) = ([Double](repeating: 0, count: count), [Double](repeating: 0, count: count))
        var (left, right) = (0.0, 0.0)
        var work = [Double](repeating: 0, count: 16 * count)
        var info = Int32(0)
        let (size, one, workSize) = (Int32(count), Int32(1), Int32(work.count))
        dgeev("N", "N", [size], &a, [size], &real, &imaginary, &left, [one], &right, [one], &work, [workSize], &info, 1, 1)
        guard info == 0 else { return nil }
        return zip(real, imaginary).map { ComplexNumber($0, $1) }
            .sorted { ($0.magnitude, $0.real, $0.imaginary) > ($1.magnitude, $1.real, $1.imaginary) }
    }
}

/// LAPACK is not on this machine.
package enum LAPACKError: UserFacingError {
    case notFound(libraries: [String])

    package var exitStatus: ExitStatus { .fault }

    package var description: String {
        switch self {
        case .notFound(let libraries):
            "LAPACK, which computes eigenvalues, was not found: none of \(libraries.joined(separator: ", ")) can be loaded. "
                + "Install OpenBLAS (Debian and Ubuntu: apt install libopenblas0), or add its folder to LD_LIBRARY_PATH."
        }
    }
}
