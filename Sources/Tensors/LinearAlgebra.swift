/// Matrix decompositions for the initialisation of a run.
public enum LinearAlgebra {
    /// Replaces a matrix `[n, n]` of independent normal numbers by a random orthogonal matrix, uniform over all orthogonal
    /// matrices.
    ///
    /// The result is the Q of a QR factorisation, with columns multiplied by the signs of R's diagonal (Mezzadri 2007). The
    /// matrix is stored column by column. Unlike LAPACK's result, the bits are the same on every processor and at every kernel
    /// level.
    public static func orthogonalize(_ matrix: UnsafeMutablePointer<Float>, n: Int) {
        HouseholderReflections.factor(matrix, n: n)
    }
}
