/* Softmax with cross entropy over rows of logits. */

/* The largest element, NaN where there is one in it. */
CK_INLINE float row_maximum(const float *x, long n) {
    v16 largest = v_fill(x[0]), damage = v_fill(0.0f);
    for (long i = 0; i < n; i += 16) {
        long lanes = lanes_left(n, i);
        v16 v = v_get(x + i, lanes);
        if (lanes < 16)
            for (long l = lanes; l < 16; l++)
                v[l] = x[0];
        largest = v_select(v > largest, v, largest);
        damage = damage + v * v_fill(0.0f); /* NaN for NaN and infinity */
    }
    float a[16];
    v_store(a, largest);
    float result = a[0];
    for (int i = 1; i < 16; i++)
        result = a[i] > result ? a[i] : result;
    return result + v_fold(damage);
}

/* Sum of e^(x - maximum) in 2 x 16 virtual lanes; with `keep`, the terms replace x. */
CK_INLINE float row_exponentials(float *x, long n, float maximum, const int keep) {
    v16 sums[2] = {v_fill(0.0f), v_fill(0.0f)};
    const v16 shift = v_fill(maximum);
    for (long i = 0; i < n; i += 16) {
        long lanes = lanes_left(n, i);
        v16 e = v_exp(v_get(x + i, lanes) - shift);
        if (lanes < 16)
            for (long l = lanes; l < 16; l++)
                e[l] = 0.0f;
        if (keep)
            v_put(x + i, e, lanes);
        sums[(i / 16) & 1] = sums[(i / 16) & 1] + e;
    }
    return v_fold(sums[0] + sums[1]);
}

CK_INLINE void scale_row(float *x, long n, float factor) {
    for (long i = 0; i < n; i += 16) {
        long lanes = lanes_left(n, i);
        v_put(x + i, v_get(x + i, lanes) * v_fill(factor), lanes);
    }
}

void CK_AT_LEVEL(softmax_loss)(long rows, long n, float *logits, long ld, const int32_t *targets, const float *mask, float gradient_scale,
                               double *losses) {
    for (long r = 0; r < rows; r++) {
        float *x = logits + r * ld;
        losses[r] = 0;
        if (mask[r] == 0.0f) {
            if (gradient_scale != 0.0f)
                memset(x, 0, (size_t)n * sizeof(float));
            continue;
        }
        float maximum = row_maximum(x, n), target = x[targets[r]];
        float sum = gradient_scale != 0.0f ? row_exponentials(x, n, maximum, 1) : row_exponentials(x, n, maximum, 0);
        losses[r] = ((double)maximum - (double)target) + ck_log((double)sum);
        if (gradient_scale != 0.0f) {
            scale_row(x, n, gradient_scale / sum);
            x[targets[r]] -= gradient_scale;
        }
    }
}
