/* exp, tanh and the logistic function, as polynomials with explicit fused multiply-adds.
 *
 * The coefficients are minimax fits for these ranges (relative error of the polynomial alone: exp 3e-9 on +-ln2/2, tanh 4e-9 on +-0.625).
 * NaN propagates through each function. */

/* The number of vectors whose exponentials are computed side by side. One vector alone is a chain of sixteen dependent steps, and the
 * processor cannot overlap enough of them. */
#if defined(CK_WIDE)
enum { EXP_VECTORS = 6 };
#else
enum { EXP_VECTORS = 2 };
#endif

#define CK_EACH_VECTOR(count) _Pragma("clang loop unroll(full)") for (int i = 0; i < (count); i++)

/* e^x = (1 + q) * 2^whole with q between -0.3 and 0.42, for x in -87.336...88.723: x becomes q. For NaN, both are NaN. */
CK_INLINE void exp_splits(const int count, v16 x[EXP_VECTORS], v16 whole[EXP_VECTORS]) {
    const v16 shifter = v_fill(12582912.0f); /* 1.5 * 2^23: adding it rounds to the nearest integer */
    v16 p[EXP_VECTORS];
    CK_EACH_VECTOR(count) whole[i] = (x[i] * v_fill(1.44269504f) + shifter) - shifter;
    CK_EACH_VECTOR(count) x[i] = v_fma(whole[i], v_fill(-0.693359375f), x[i]);
    CK_EACH_VECTOR(count) x[i] = v_fma(whole[i], v_fill(2.12194440e-4f), x[i]);
    CK_EACH_VECTOR(count) p[i] = v_fma(v_fill(0.001381453825160861f), x[i], v_fill(0.00836874544620514f));
    CK_EACH_VECTOR(count) p[i] = v_fma(p[i], x[i], v_fill(0.04166838899254799f));
    CK_EACH_VECTOR(count) p[i] = v_fma(p[i], x[i], v_fill(0.1666652113199234f));
    CK_EACH_VECTOR(count) p[i] = v_fma(p[i], x[i], v_fill(0.4999999403953552f));
    CK_EACH_VECTOR(count) x[i] = v_fma(p[i], x[i] * x[i], x[i]);
}

CK_INLINE v16 exp_split(v16 x, v16 *whole) {
    exp_splits(1, &x, whole);
    return x;
}

/* Like the function above, with the exponent as an integer; 0 for NaN. */
CK_INLINE v16 exp_parts(v16 x, i16 *n) {
    v16 whole, q = exp_split(x, &whole);
    *n = __builtin_convertvector(v_select(x == x, whole, v_fill(0.0f)), i16);
    return q;
}

CK_INLINE v16 v_clamp(v16 x, v16 low, v16 high) { return v_select(x > high, high, v_select(x < low, low, x)); }

/* e^x. Below -87.336, where the result would be denormal, 0; above 88.722, infinity. */
CK_INLINE v16 v_exp(v16 x) {
    v16 low = v_fill(-87.3365447f), high = v_fill(88.7228394f);
    i16 n;
    v16 p = exp_parts(v_clamp(x, low, high), &n) + v_fill(1.0f);
    /* 2^n as two factors, because n can be 128. */
    i16 half = n >> 1;
    v16 scale1 = (v16)((half + i_fill(127)) << 23);
    v16 scale2 = (v16)((n - half + i_fill(127)) << 23);
    v16 result = (p * scale1) * scale2;
    result = v_select(x < low, v_fill(0.0f), result);
    return v_select(x > high, v_fill(__builtin_inff()), result);
}

/* p * 2^whole for whole from -126 to 127. If whole is NaN, p is NaN too. */
CK_INLINE v16 scale_by_power(v16 p, v16 whole) {
#if defined(CK_WIDE)
    return (v16)_mm512_scalef_ps((__m512)p, (__m512)whole);
#else
    i16 n = __builtin_convertvector(v_select(whole == whole, whole, v_fill(0.0f)), i16);
    return p * (v16)((n + i_fill(127)) << 23);
#endif
}

/* x becomes e^x for x <= 0, without the special case below -87.336: there the result is the smallest normal number. */
CK_INLINE void exp_of_negatives(const int count, v16 x[EXP_VECTORS]) {
    const v16 low = v_fill(-87.3365447f);
    v16 whole[EXP_VECTORS];
    CK_EACH_VECTOR(count) x[i] = v_select(x[i] < low, low, x[i]);
    exp_splits(count, x, whole);
    CK_EACH_VECTOR(count) x[i] = scale_by_power(x[i] + v_fill(1.0f), whole[i]);
}

CK_INLINE v16 v_exp_of_negative(v16 x) {
    exp_of_negatives(1, &x);
    return x;
}

/* 1 / (1 + e^-x); below -87.336, where the result would be denormal, 0. With e^-x = s + q*s, the smaller parts are added first, so e^-x is
 * not rounded separately where it is the larger part. */
CK_INLINE v16 v_sigmoid(v16 x) {
    const v16 one = v_fill(1.0f), bound = v_fill(87.3365447f);
    v16 whole, q = exp_split(-v_clamp(x, -bound, bound), &whole);
    v16 s = scale_by_power(one, whole);
    i16 shrinks = s < one;
    v16 sum = v_fma(q, s, v_select(shrinks, s, one)) + v_select(shrinks, one, s);
    return v_select(x < -bound, v_fill(0.0f), one / sum);
}

/* tanh x: an odd polynomial if |x| < 0.625, otherwise 1 - 2/(e^2|x| + 1), with the sign of x, also of zero. */
CK_INLINE v16 v_tanh(v16 x) {
    i16 sign = (i16)x & i_fill((int32_t)0x80000000u);
    v16 size = (v16)((i16)x & i_fill(0x7fffffff));
    v16 z = x * x;
    v16 p = v_fill(-0.005704978480935097f);
    p = v_fma(p, z, v_fill(0.020639078691601753f));
    p = v_fma(p, z, v_fill(-0.05373971164226532f));
    p = v_fma(p, z, v_fill(0.13331441581249237f));
    p = v_fma(p, z, v_fill(-0.3333328068256378f));
    v16 near = v_fma(p * z, x, x);
    /* From 44 on, `far` is 1 for any value of e^2|x|. */
    v16 whole, twice = v_select(size > v_fill(44.0f), v_fill(88.0f), size + size);
    v16 q = exp_split(twice, &whole);
    v16 far = v_fill(1.0f) - v_fill(2.0f) / (scale_by_power(q + v_fill(1.0f), whole) + v_fill(1.0f));
    return (v16)((i16)v_select(size < v_fill(0.625f), near, far) | sign);
}

#define CK_MAP(name, function)                                                                                   \
    void CK_AT_LEVEL(name)(long count, const float *x, float *y) {                                               \
        for (long i = 0; i < count; i += 16) {                                                                   \
            long lanes = lanes_left(count, i);                                                                   \
            v_put(y + i, function(v_get(x + i, lanes)), lanes);                                                  \
        }                                                                                                        \
    }
CK_MAP(exp, v_exp)
CK_MAP(tanh, v_tanh)
CK_MAP(sigmoid, v_sigmoid)
#undef CK_MAP
