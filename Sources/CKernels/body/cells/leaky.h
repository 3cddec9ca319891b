/* Leaky units: n = tanh(preactivations), h = (1 - a)*h_previous + a*n = h_previous + a*(n - h_previous), with a constant a for
 * each unit. */
static void CK_AT_LEVEL(leaky_forward)(ck_cell s) {
    CK_EACH_UNIT(s) {
        v16 n = v_tanh(v_get(s.gates + gate, lanes)), h_previous = v_get(s.h_previous + at, lanes);
        v_put(s.gates + gate, n, lanes);
        v_put(s.h + at, v_fma(v_get(s.unit_values + u, lanes), n - h_previous, h_previous), lanes);
    }
}

static void CK_AT_LEVEL(leaky_backward)(ck_cell s) {
    CK_EACH_UNIT(s) {
        v16 a = v_get(s.unit_values + u, lanes), n = v_get(s.gates + gate, lanes), dh = v_get(s.dh + at, lanes);
        v_put(s.gates + gate, dh * a * tanh_slope(n), lanes);
        v_put(s.dh + at, dh * (ONE - a), lanes);
    }
}

/* Leaky units with a = s(L) and a parameter L for each unit. */
static void CK_AT_LEVEL(leaky_learned_forward)(ck_cell s) {
    CK_EACH_UNIT(s) {
        v16 n = v_tanh(v_get(s.gates + gate, lanes)), h_previous = v_get(s.h_previous + at, lanes);
        v_put(s.gates + gate, n, lanes);
        v_put(s.h + at, v_fma(v_sigmoid(v_get(s.unit_values + u, lanes)), n - h_previous, h_previous), lanes);
    }
}

static void CK_AT_LEVEL(leaky_learned_backward)(ck_cell s) {
    CK_EACH_UNIT(s) {
        v16 a = v_sigmoid(v_get(s.unit_values + u, lanes)), n = v_get(s.gates + gate, lanes), dh = v_get(s.dh + at, lanes);
        float *d_values = s.d_unit_values + at;
        v_put(d_values, v_fma(dh * (n - v_get(s.h_previous + at, lanes)), sigmoid_slope(a), v_get(d_values, lanes)), lanes);
        v_put(s.gates + gate, dh * a * tanh_slope(n), lanes);
        v_put(s.dh + at, dh * (ONE - a), lanes);
    }
}
