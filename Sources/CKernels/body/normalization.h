/* Layer normalization, Ba et al. 2016. Sums are those of 16 lanes, folded in their fixed order, so that they do not depend on the level. */

void CK_AT_LEVEL(normalize)(long rows, long n, const float *x, long ldx, const float *gain, const float *bias, float *normal, long ldn,
                            float *y, long ldy, int adding, float *scales) {
    for (long r = 0; r < rows; r++) {
        const float *from = x + r * ldx;
        v16 sums = v_fill(0.0f), squares = v_fill(0.0f);
        for (long i = 0; i < n; i += 16)
            sums = sums + v_get(from + i, lanes_left(n, i));
        const v16 mean = v_fill(v_fold(sums) / (float)n);
        for (long i = 0; i < n; i += 16) {
            v16 distance = v_keep(v_get(from + i, lanes_left(n, i)) - mean, lanes_left(n, i), 0.0f);
            squares = v_fma(distance, distance, squares);
        }
        scales[r] = 1.0f / __builtin_sqrtf(v_fold(squares) / (float)n + 1e-5f);
        for (long i = 0; i < n; i += 16) {
            const long lanes = lanes_left(n, i);
            float *to = y + r * ldy + i;
            v16 kept = (v_get(from + i, lanes) - mean) * v_fill(scales[r]);
            v16 result = v_fma(v_get(gain + i, lanes), kept, v_get(bias + i, lanes));
            v_put(normal + r * ldn + i, kept, lanes);
            v_put(to, adding ? v_get(to, lanes) + result : result, lanes);
        }
    }
}

/* With z = normal and g = gain*dy: dx = scale*(g - mean(g) - z*mean(g*z)). */
void CK_AT_LEVEL(normalize_backward)(long rows, long n, const float *dy, long lddy, const float *gain, const float *normal, long ldn,
                                     const float *scales, float *dx, long lddx, int adding, float *d_gain, float *d_bias) {
    for (long r = 0; r < rows; r++) {
        const float *d = dy + r * lddy, *z = normal + r * ldn;
        v16 sums = v_fill(0.0f), products = v_fill(0.0f);
        for (long i = 0; i < n; i += 16) {
            const long lanes = lanes_left(n, i);
            v16 g = v_get(gain + i, lanes) * v_get(d + i, lanes);
            sums = sums + g;
            products = v_fma(g, v_get(z + i, lanes), products);
        }
        const v16 mean = v_fill(v_fold(sums) / (float)n), slope = v_fill(v_fold(products) / (float)n), scale = v_fill(scales[r]);
        for (long i = 0; i < n; i += 16) {
            const long lanes = lanes_left(n, i);
            float *to = dx + r * lddx + i, *d_gains = d_gain + r * n + i;
            v16 value = v_get(d + i, lanes), kept = v_get(z + i, lanes);
            v16 result = scale * (v_fma(v_get(gain + i, lanes), value, -mean) - kept * slope);
            v_put(d_gains, v_fma(value, kept, v_get(d_gains, lanes)), lanes);
            if (d_bias)
                v_put(d_bias + r * n + i, v_get(d_bias + r * n + i, lanes) + value, lanes);
            v_put(to, adding ? v_get(to, lanes) + result : result, lanes);
        }
    }
}
