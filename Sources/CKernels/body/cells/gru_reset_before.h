/* GRU with the reset gate before the product (Cho et al. 2014, eq. 8), gate order r z n, in two parts: before and after the
 * product of r*h_previous. */

/* Computes r and z; stores r*h_previous in `kept`. */
static void CK_AT_LEVEL(gru_reset_forward)(ck_cell s) {
    CK_EACH_UNIT(s) {
        float *gates = s.gates + gate;
        v16 reset = v_sigmoid(v_get(gates, lanes));
        v_put(gates, reset, lanes);
        v_put(gates + hidden, v_sigmoid(v_get(gates + hidden, lanes)), lanes);
        v_put(s.kept + at, reset * v_get(s.h_previous + at, lanes), lanes);
    }
}

/* Computes the gradient of r's preactivation from that of `kept`, and adds the rest to dh, which already holds a part of the
 * gradient of h_previous. */
static void CK_AT_LEVEL(gru_reset_backward)(ck_cell s) {
    CK_EACH_UNIT(s) {
        float *gates = s.gates + gate;
        v16 reset = v_get(gates, lanes), d = v_get(s.d_kept + at, lanes);
        v_put(gates, d * v_get(s.h_previous + at, lanes) * sigmoid_slope(reset), lanes);
        v_put(s.dh + at, v_fma(d, reset, v_get(s.dh + at, lanes)), lanes);
    }
}

/* n = tanh of the preactivations of gate n, h = (1 - z)*n + z*h_previous. */
static void CK_AT_LEVEL(gru_candidate_forward)(ck_cell s) {
    CK_EACH_UNIT(s) {
        float *gates = s.gates + gate;
        v16 n = v_tanh(v_get(gates + 2 * hidden, lanes));
        v_put(gates + 2 * hidden, n, lanes);
        v_put(s.h + at, gru_mix(v_get(gates + hidden, lanes), n, v_get(s.h_previous + at, lanes)), lanes);
    }
}

static void CK_AT_LEVEL(gru_candidate_backward)(ck_cell s) {
    CK_EACH_UNIT(s) {
        float *gates = s.gates + gate;
        v16 z = v_get(gates + hidden, lanes), n = v_get(gates + 2 * hidden, lanes), dh = v_get(s.dh + at, lanes);
        v_put(gates + hidden, dh * (v_get(s.h_previous + at, lanes) - n) * sigmoid_slope(z), lanes);
        v_put(gates + 2 * hidden, dh * (ONE - z) * tanh_slope(n), lanes);
        v_put(s.dh + at, dh * z, lanes);
    }
}
