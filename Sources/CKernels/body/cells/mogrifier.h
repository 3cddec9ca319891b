/* A round of a Mogrifier, Melis et al. 2020: h = 2*s(x)*h_previous, where h_previous is what is gated. */
static void CK_AT_LEVEL(mogrifier_forward)(ck_cell s) {
    CK_EACH_UNIT(s) {
        v16 factor = v_sigmoid(v_get(s.gates + gate, lanes));
        v_put(s.gates + gate, factor, lanes);
        v_put(s.h + at, (factor + factor) * v_get(s.h_previous + at, lanes), lanes);
    }
}

static void CK_AT_LEVEL(mogrifier_backward)(ck_cell s) {
    CK_EACH_UNIT(s) {
        v16 factor = v_get(s.gates + gate, lanes), dh = v_get(s.dh + at, lanes);
        v16 twice = dh + dh;
        v_put(s.gates + gate, twice * v_get(s.h_previous + at, lanes) * sigmoid_slope(factor), lanes);
        v_put(s.dh + at, twice * factor, lanes);
    }
}
