/* Products of rows with one vector, for Householder reflections. Multiplications and additions are rounded separately: this runs once per
 * run, and is equally fast at every level. */

/* The number of independent chains of 16-float vectors in a dot product. */
enum { DOT_CHAINS = 4 };

static float dot_of_rows(long n, const float *x, const float *y) {
    v16 sums[DOT_CHAINS];
    for (int chain = 0; chain < DOT_CHAINS; chain++)
        sums[chain] = v_fill(0.0f);
    for (long i = 0; i < n; i += 16 * DOT_CHAINS)
        for (int chain = 0; chain < DOT_CHAINS; chain++) {
            const long at = i + 16 * chain;
            if (at < n)
                sums[chain] = sums[chain] + v_get(x + at, lanes_left(n, at)) * v_get(y + at, lanes_left(n, at));
        }
    return v_fold((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

void CK_AT_LEVEL(row_dots)(long rows, long n, const float *v, const float *x, long ldx, float *dots) {
    for (long r = 0; r < rows; r++)
        dots[r] = dot_of_rows(n, v, x + r * ldx);
}

void CK_AT_LEVEL(add_multiples)(long rows, long n, const float *factors, const float *v, float *x, long ldx) {
    for (long r = 0; r < rows; r++)
        for (long i = 0; i < n; i += 16) {
            const long lanes = lanes_left(n, i);
            float *to = x + r * ldx + i;
            v_put(to, v_get(to, lanes) + v_fill(factors[r]) * v_get(v + i, lanes), lanes);
        }
}
