/* minLSTM, Feng et al. 2024, gate order f i n: f = s(x_f), i = s(x_i), n = g(x_n) of minGRU, h = (f*h_previous + i*n) / (f + i), computed as
 * h_previous + w*(n - h_previous) with w = i / (f + i). */

/* The logistic function, but not less than its value at -80, so that f + i is never 0. */
CK_INLINE v16 minimal_gate(v16 x) { return v_sigmoid(v_select(x < v_fill(-80.0f), v_fill(-80.0f), x)) /* NaN stays */; }

/* What is subtracted from both x_f and x_i, so that the larger of them is not below -40: then their gates do not both underflow. Below -40,
 * s(x) = e^x up to rounding, so the quotients do not change. 0 if x_f or x_i is above -40. */
CK_INLINE v16 common_shift(v16 f, v16 i) {
    const v16 excess = v_larger(v_larger(f, i) + v_fill(40.0f), v_fill(-__FLT_MAX__));
    return v_select(excess < v_fill(0.0f), excess, v_fill(0.0f));
}

static void CK_AT_LEVEL(minlstm_forward)(ck_cell s) {
    CK_EACH_UNIT(s) {
        float *gates = s.gates + gate;
        v16 f = v_get(gates, lanes), i = v_get(gates + hidden, lanes);
        const v16 shift = common_shift(f, i);
        f = minimal_gate(f - shift);
        i = minimal_gate(i - shift);
        v16 n = minimal_candidate(v_get(gates + 2 * hidden, lanes)), h_previous = v_get(s.h_previous + at, lanes);
        v_put(gates, f, lanes);
        v_put(gates + hidden, i, lanes);
        v_put(gates + 2 * hidden, n, lanes);
        v_put(s.h + at, v_fma(i / (f + i), n - h_previous, h_previous), lanes);
    }
}

/* The derivative of w by x_i is w*(1 - w)*(1 - i), and by x_f -w*(1 - w)*(1 - f). */
static void CK_AT_LEVEL(minlstm_backward)(ck_cell s) {
    CK_EACH_UNIT(s) {
        float *gates = s.gates + gate;
        v16 f = v_get(gates, lanes), i = v_get(gates + hidden, lanes), n = v_get(gates + 2 * hidden, lanes);
        v16 dh = v_get(s.dh + at, lanes), total = f + i, w = i / total, kept = f / total;
        v16 slope = dh * (n - v_get(s.h_previous + at, lanes)) * (w * kept);
        v_put(gates, slope * (f - ONE), lanes);
        v_put(gates + hidden, slope * (ONE - i), lanes);
        v_put(gates + 2 * hidden, dh * w * minimal_slope(n), lanes);
        v_put(s.dh + at, dh * kept, lanes);
    }
}
