/* minGRU, Feng et al. 2024, gate order z n: z = s(x_z), n = g(x_n), h = (1 - z)*h_previous + z*n = h_previous + z*(n - h_previous). */

/* g(x) = x + 1/2 for x >= 0, otherwise the logistic function: positive, continuous and increasing. */
CK_INLINE v16 minimal_candidate(v16 x) { return v_select(x < v_fill(0.0f), v_sigmoid(x), x + v_fill(0.5f)) /* NaN stays */; }

/* The derivative of g as a function of its value, which is at least 1/2 only for x >= 0, up to rounding. */
CK_INLINE v16 minimal_slope(v16 y) { return v_select(y < v_fill(0.5f), sigmoid_slope(y), ONE); }

static void CK_AT_LEVEL(mingru_forward)(ck_cell s) {
    CK_EACH_UNIT(s) {
        float *gates = s.gates + gate;
        v16 z = v_sigmoid(v_get(gates, lanes));
        v16 n = minimal_candidate(v_get(gates + hidden, lanes)), h_previous = v_get(s.h_previous + at, lanes);
        v_put(gates, z, lanes);
        v_put(gates + hidden, n, lanes);
        v_put(s.h + at, v_fma(z, n - h_previous, h_previous), lanes);
    }
}

static void CK_AT_LEVEL(mingru_backward)(ck_cell s) {
    CK_EACH_UNIT(s) {
        float *gates = s.gates + gate;
        v16 z = v_get(gates, lanes), n = v_get(gates + hidden, lanes), dh = v_get(s.dh + at, lanes);
        v_put(gates, dh * (n - v_get(s.h_previous + at, lanes)) * sigmoid_slope(z), lanes);
        v_put(gates + hidden, dh * z * minimal_slope(n), lanes);
        v_put(s.dh + at, dh * (ONE - z), lanes);
    }
}
