/* Purely additive units: h = h_previous + n, n = tanh(preactivations). The gradient of h is also that of h_previous. */
static void CK_AT_LEVEL(additive_forward)(ck_cell s) {
    CK_EACH_UNIT(s) {
        v16 n = v_tanh(v_get(s.gates + gate, lanes));
        v_put(s.gates + gate, n, lanes);
        v_put(s.h + at, v_get(s.h_previous + at, lanes) + n, lanes);
    }
}

static void CK_AT_LEVEL(additive_backward)(ck_cell s) {
    CK_EACH_UNIT(s) {
        float *n = s.gates + gate;
        v_put(n, v_get(s.dh + at, lanes) * tanh_slope(v_get(n, lanes)), lanes);
    }
}
