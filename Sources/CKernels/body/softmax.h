/* Softmax with cross entropy over rows of logits, a group of columns at a time. */

/* The largest of n elements; NaN among them is passed over. */
CK_INLINE float row_maximum(const float *x, long n) {
    v16 largest = v_fill(-__builtin_inff());
    long i = 0;
    for (; i + 16 <= n; i += 16) {
        const v16 v = v_load(x + i);
        largest = v_select(v > largest, v, largest);
    }
    if (i < n) {
        v16 v = v_load_some(x + i, n - i);
        for (long l = n - i; l < 16; l++)
            v[l] = x[i];
        largest = v_select(v > largest, v, largest);
    }
    float a[16];
    v_store(a, largest);
    for (int half = 8; half > 0; half /= 2)
        for (int i = 0; i < half; i++)
            a[i] = a[i + half] > a[i] ? a[i + half] : a[i];
    return a[0];
}

/* Sum of e^(x - maximum) in 2 x 16 virtual lanes; NaN where the maximum is infinite or an element NaN. The terms go to `kept`,
 * where given. */
CK_INLINE float row_exponentials(const float *x, long n, float maximum, float *kept) {
    v16 sums[2] = {v_fill(0.0f), v_fill(0.0f)};
    const v16 shift = v_fill(maximum);
    long i = 0;
    for (; i + 32 <= n; i += 32)
        for (int half = 0; half < 2; half++) {
            const v16 e = v_exp_of_negative(v_load(x + i + 16 * half) - shift);
            sums[half] = sums[half] + e;
            if (kept)
                v_store(kept + i + 16 * half, e);
        }
    for (; i < n; i += 16) {
        const long lanes = lanes_left(n, i);
        v16 e = v_exp_of_negative(v_get(x + i, lanes) - shift);
        for (long l = lanes; l < 16; l++)
            e[l] = 0.0f;
        sums[(i / 16) & 1] = sums[(i / 16) & 1] + e;
        if (kept)
            v_put(kept + i, e, lanes);
    }
    return v_fold(sums[0] + sums[1]);
}

/* e^x of one number that is not over 0, with the bits of the vectors'. */
CK_INLINE float exponential(float x) { return v_exp_of_negative(v_fill(x))[0]; }

void CK_AT_LEVEL(softmax_take)(long rows, long first, long n, const float *logits, const int32_t *targets, ck_softmax_row *states,
                               float *maxima, float *kept) {
    for (long r = 0; r < rows; r++) {
        const float *x = logits + r * CK_LOGIT_COLUMNS;
        const float maximum = row_maximum(x, n);
        const float sum = row_exponentials(x, n, maximum, kept ? kept + r * CK_LOGIT_COLUMNS : 0);
        ck_softmax_row *state = states + r;
        maxima[r] = maximum;
        if (first == 0) {
            state->maximum = maximum;
            state->sum = sum;
        } else if (maximum > state->maximum) {
            state->sum = state->sum * exponential(state->maximum - maximum) + sum;
            state->maximum = maximum;
        } else {
            state->sum = state->sum + sum * exponential(maximum - state->maximum);
        }
        if (targets[r] >= first && targets[r] < first + n)
            state->target = x[targets[r] - first];
    }
}

void CK_AT_LEVEL(softmax_losses)(long rows, const ck_softmax_row *states, const float *mask, double *losses) {
    for (long r = 0; r < rows; r++) {
        const ck_softmax_row *s = states + r;
        losses[r] = mask[r] == 0.0f ? 0.0 : ((double)s->maximum - (double)s->target) + ck_log((double)s->sum);
    }
}

CK_INLINE void gradient_row(const int exponentials, long n, const float *from, float maximum, float factor, float *to) {
    const v16 shift = v_fill(maximum), factors = v_fill(factor);
    for (long i = 0; i < n; i += 16) {
        const long lanes = lanes_left(n, i);
        const v16 x = v_get(from + i, lanes);
        v_put(to + i, (exponentials ? x : v_exp_of_negative(x - shift)) * factors, lanes);
    }
}

void CK_AT_LEVEL(softmax_gradient)(long rows, long first, long n, const float *from, int exponentials, const int32_t *targets,
                                   const float *mask, const ck_softmax_row *states, const float *maxima, float scale, float *gradient) {
    for (long r = 0; r < rows; r++) {
        const float *x = from + r * CK_LOGIT_COLUMNS;
        float *y = gradient + r * CK_LOGIT_COLUMNS;
        if (mask[r] == 0.0f) {
            memset(y, 0, (size_t)n * sizeof(float));
            continue;
        }
        const float factor = exponential(maxima[r] - states[r].maximum) * (scale / states[r].sum);
        if (exponentials)
            gradient_row(1, n, x, maxima[r], factor, y);
        else
            gradient_row(0, n, x, maxima[r], factor, y);
        if (targets[r] >= first && targets[r] < first + n)
            y[targets[r] - first] -= scale;
    }
}
