/* Softmax with cross entropy over rows of logits, one group of columns at a time. */

/* The maximum of n elements; ignores NaN. It uses four independent chains. */
CK_INLINE float row_maximum(const float *x, long n) {
    v16 chains[4];
    for (int c = 0; c < 4; c++)
        chains[c] = v_fill(-__builtin_inff());
    long i = 0;
    for (; i + 64 <= n; i += 64)
        for (int c = 0; c < 4; c++)
            chains[c] = v_larger(v_load(x + i + 16 * c), chains[c]);
    for (; i + 16 <= n; i += 16)
        chains[0] = v_larger(v_load(x + i), chains[0]);
    v16 largest = v_larger(v_larger(chains[0], chains[1]), v_larger(chains[2], chains[3]));
    if (i < n) {
        v16 v = v_load_some(x + i, n - i);
        for (long l = n - i; l < 16; l++)
            v[l] = x[i];
        largest = v_larger(v, largest);
    }
    float a[16];
    v_store(a, largest);
    for (int half = 8; half > 0; half /= 2)
        for (int i = 0; i < half; i++)
            a[i] = a[i + half] > a[i] ? a[i + half] : a[i];
    return a[0];
}

/* The sum of e^(x - maximum) in 2 x 16 virtual lanes; NaN if the maximum is infinite or an element is NaN. Stores the terms in `kept` if it
 * is not null. */
CK_INLINE float row_exponentials(const float *x, long n, float maximum, float *kept) {
    v16 sums[2] = {v_fill(0.0f), v_fill(0.0f)};
    const v16 shift = v_fill(maximum);
    long at = 0;
    for (; at + 16 * EXP_VECTORS <= n; at += 16 * EXP_VECTORS) {
        v16 e[EXP_VECTORS];
        CK_EACH_VECTOR(EXP_VECTORS) e[i] = v_load(x + at + 16 * i) - shift;
        exp_of_negatives(EXP_VECTORS, e);
        CK_EACH_VECTOR(EXP_VECTORS) sums[i & 1] = sums[i & 1] + e[i];
        if (kept)
            CK_EACH_VECTOR(EXP_VECTORS) v_store(kept + at + 16 * i, e[i]);
    }
    for (; at < n; at += 16) {
        const long lanes = lanes_left(n, at);
        v16 e = v_exp_of_negative(v_get(x + at, lanes) - shift);
        for (long l = lanes; l < 16; l++)
            e[l] = 0.0f;
        sums[(at / 16) & 1] = sums[(at / 16) & 1] + e;
        if (kept)
            v_put(kept + at, e, lanes);
    }
    return v_fold(sums[0] + sums[1]);
}

/* e^x of one number x <= 0, with the same bits as the vector function. */
CK_INLINE float exponential(float x) { return v_exp_of_negative(v_fill(x))[0]; }

/* The number of rows whose groups are processed together: enough to overlap their sums, few enough to stay in the first-level cache. */
enum { SOFTMAX_ROWS = 16 };

/* Combines the sums so far with those of another group, under the larger of both maxima. The side with that maximum is multiplied by e^0 =
 * 1. */
CK_INLINE void join_groups(long rows, const float *maxima, const float *sums, ck_softmax_row *states) {
    v16 before = v_fill(0.0f), sums_before = v_fill(0.0f);
    for (long r = 0; r < rows; r++) {
        before[r] = states[r].maximum;
        sums_before[r] = states[r].sum;
    }
    const v16 here = v_load_some(maxima, rows), largest = v_larger(here, before);
    const v16 joined = sums_before * v_exp_of_negative(before - largest) + v_load_some(sums, rows) * v_exp_of_negative(here - largest);
    for (long r = 0; r < rows; r++) {
        states[r].maximum = largest[r];
        states[r].sum = joined[r];
    }
}

static void take_rows(long rows, long first, long n, const float *logits, const int32_t *targets, ck_softmax_row *states, float *maxima,
                      float *kept) {
    float sums[SOFTMAX_ROWS];
    for (long r = 0; r < rows; r++)
        maxima[r] = row_maximum(logits + r * CK_LOGIT_COLUMNS, n);
    for (long r = 0; r < rows; r++)
        sums[r] = row_exponentials(logits + r * CK_LOGIT_COLUMNS, n, maxima[r], kept ? kept + r * CK_LOGIT_COLUMNS : 0);
    if (first == 0)
        for (long r = 0; r < rows; r++)
            states[r] = (ck_softmax_row){.maximum = -__builtin_inff()};
    join_groups(rows, maxima, sums, states);
    for (long r = 0; r < rows; r++)
        if (targets[r] >= first && targets[r] < first + n)
            states[r].target = logits[r * CK_LOGIT_COLUMNS + targets[r] - first];
}

void CK_AT_LEVEL(softmax_take)(long rows, long first, long n, const float *logits, const int32_t *targets, ck_softmax_row *states,
                               float *maxima, float *kept) {
    for (long r = 0; r < rows; r += SOFTMAX_ROWS)
        take_rows(rows - r < SOFTMAX_ROWS ? rows - r : SOFTMAX_ROWS, first, n, logits + r * CK_LOGIT_COLUMNS, targets + r, states + r,
                  maxima + r, kept ? kept + r * CK_LOGIT_COLUMNS : 0);
}

void CK_AT_LEVEL(softmax_losses)(long rows, const ck_softmax_row *states, const float *mask, double *losses) {
    for (long r = 0; r < rows; r++) {
        const ck_softmax_row *s = states + r;
        losses[r] = mask[r] == 0.0f ? 0.0 : ((double)s->maximum - (double)s->target) + ck_log((double)s->sum);
    }
}

/* Sums over a row of logits x, in 16 virtual lanes, with d = x - maximum. d is not less than the smallest finite number, because 0 times infinity
 * would be NaN; with flushed denormals, e^d is 0 there. */
typedef struct {
    d16 exponentials; /* of e^d */
    d16 products;     /* of e^d d */
    i16 larger;       /* the number of logits larger than `logit` */
} figure_sums;

CK_INLINE void add_figures(figure_sums *sums, v16 d, v16 e, i16 is_larger) {
    d = v_larger(d, v_fill(-__FLT_MAX__));
    const d16 wide = __builtin_convertvector(e, d16);
    sums->exponentials = sums->exponentials + wide;
    /* The product of two floats is exact in double, so a fused operation has the same bits. */
    sums->products = sums->products + wide * __builtin_convertvector(d, d16);
    sums->larger = sums->larger - is_larger;
}

void CK_AT_LEVEL(softmax_figures)(long n, const float *logits, float logit, double *entropy, long *larger) {
    const v16 shift = v_fill(row_maximum(logits, n)), own = v_fill(logit);
    figure_sums sums = {0};
    long at = 0;
    for (; at + 16 * EXP_VECTORS <= n; at += 16 * EXP_VECTORS) {
        v16 e[EXP_VECTORS];
        CK_EACH_VECTOR(EXP_VECTORS) e[i] = v_load(logits + at + 16 * i) - shift;
        exp_of_negatives(EXP_VECTORS, e);
        CK_EACH_VECTOR(EXP_VECTORS) {
            const v16 x = v_load(logits + at + 16 * i);
            add_figures(&sums, x - shift, e[i], x > own);
        }
    }
    for (; at < n; at += 16) {
        const long lanes = lanes_left(n, at);
        v16 x = v_get(logits + at, lanes);
        for (long l = lanes; l < 16; l++)
            x[l] = logit;
        v16 e = v_exp_of_negative(x - shift);
        for (long l = lanes; l < 16; l++)
            e[l] = 0.0f;
        add_figures(&sums, x - shift, e, x > own);
    }
    const double sum = fold_doubles(sums.exponentials);
    *entropy = ck_log(sum) - fold_doubles(sums.products) / sum;
    *larger = 0;
    for (int l = 0; l < 16; l++)
        *larger += sums.larger[l];
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
        const float own = scale * mask[r];
        const float factor = exponential(maxima[r] - states[r].maximum) * (own / states[r].sum);
        if (exponentials)
            gradient_row(1, n, x, maxima[r], factor, y);
        else
            gradient_row(0, n, x, maxima[r], factor, y);
        if (targets[r] >= first && targets[r] < first + n)
            y[targets[r] - first] -= own;
    }
}
