internal import COpenBLAS

/// LAPACK, for what happens once a run.
public enum LinearAlgebra {
    /// Replaces `matrix` `[n, n]` of independent normal numbers by a random orthogonal one, uniform over all of them.
    ///
    /// The Q of a QR factorisation, its columns multiplied by the signs of R's diagonal (Mezzadri 2007). Called on rank 0
    /// alone with a shape that depends on the model alone. Returns false if LAPACK refuses.
    public static func orthogonalize(_ matrix: UnsafeMutablePointer<Float>, n: Int) -> Bool {
        openblas_set_num_threads(1)
        var size = Int32(n)
        var info: Int32 = 0
        var workSize = Int32(max(1, n * 64))
        return withUnsafeTemporaryAllocation(of: Float.self, capacity: Int(workSize) + 2 * n) { work in
            let base = work.baseAddress!
            let (tau, signs) = (base + Int(workSize), base + Int(workSize) + n)
            sgeqrf_(&size, &size, matrix, &size, tau, base, &workSize, &info)
            guard info == 0 else { return false }
            for i in 0..<n { signs[i] = matrix[i * n + i] < 0 ? -1 : 1 }
            sorgqr_(&size, &size, &size, matrix, &size, tau, base, &workSize, &info)
            for column in 0..<n {
                for row in 0..<n { matrix[column * n + row] *= signs[column] }
            }
            return info == 0
        }
    }
}
