/* Highway, Srivastava et al. 2015: h = t*y + (1 - t)*x, t = s(gates), with y in `kept` and x in `h_previous`. Backward, d_y is written to `d_kept`
 * and the direct part of d_x to `dn`. */
static void CK_AT_LEVEL(highway_forward)(ck_cell s) {
    CK_EACH_UNIT(s) {
        v16 t = v_sigmoid(v_get(s.gates + gate, lanes)), x = v_get(s.h_previous + at, lanes);
        v_put(s.gates + gate, t, lanes);
        v_put(s.h + at, v_fma(t, v_get(s.kept + at, lanes) - x, x), lanes);
    }
}

static void CK_AT_LEVEL(highway_backward)(ck_cell s) {
    CK_EACH_UNIT(s) {
        v16 t = v_get(s.gates + gate, lanes), dh = v_get(s.dh + at, lanes);
        v16 difference = v_get(s.kept + at, lanes) - v_get(s.h_previous + at, lanes);
        v_put(s.gates + gate, dh * difference * sigmoid_slope(t), lanes);
        v_put(s.d_kept + at, dh * t, lanes);
        v_put(s.dn + at, dh * (ONE - t), lanes);
    }
}
