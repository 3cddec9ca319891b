/// Matrix decompositions, for what happens once a run.
public enum LinearAlgebra {
    /// Replaces `matrix` `[n, n]` of independent normal numbers by a random orthogonal one, uniform over all of them.
    ///
    /// The Q of a QR factorisation, its columns multiplied by the signs of R's diagonal (Mezzadri 2007). The columns lie one after the
    /// other. The same bits on every processor and at every level of the kernels, as no LAPACK promises.
    public static func orthogonalize(_ matrix: UnsafeMutablePointer<Float>, n: Int) {
        HouseholderReflections.factor(matrix, n: n)
    }
}
