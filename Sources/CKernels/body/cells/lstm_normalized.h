/* The parts of an LSTM before and after the normalization of c, gate order i f g o. State: c = f*c_previous + i*g. Output: h = o*tanh(kept), where
 * `kept` has the normalized c, and then its tanh; d_kept becomes its gradient. */
static void CK_AT_LEVEL(lstm_state_forward)(ck_cell s) {
    CK_EACH_UNIT(s) {
        float *gates = s.gates + gate;
        v16 i = v_sigmoid(v_get(gates, lanes)), f = v_sigmoid(v_get(gates + hidden, lanes));
        v16 g = v_tanh(v_get(gates + 2 * hidden, lanes)), o = v_sigmoid(v_get(gates + 3 * hidden, lanes));
        v_put(gates, i, lanes);
        v_put(gates + hidden, f, lanes);
        v_put(gates + 2 * hidden, g, lanes);
        v_put(gates + 3 * hidden, o, lanes);
        v_put(s.c + at, v_fma(f, v_get(s.c_previous + at, lanes), i * g), lanes);
    }
}

static void CK_AT_LEVEL(lstm_output_forward)(ck_cell s) {
    CK_EACH_UNIT(s) {
        v16 squashed = v_tanh(v_get(s.kept + at, lanes));
        v_put(s.kept + at, squashed, lanes);
        v_put(s.h + at, v_get(s.gates + gate + 3 * hidden, lanes) * squashed, lanes);
    }
}

static void CK_AT_LEVEL(lstm_output_backward)(ck_cell s) {
    CK_EACH_UNIT(s) {
        float *gates = s.gates + gate;
        v16 o = v_get(gates + 3 * hidden, lanes), squashed = v_get(s.kept + at, lanes), dh = v_get(s.dh + at, lanes);
        v_put(gates + 3 * hidden, dh * squashed * sigmoid_slope(o), lanes);
        v_put(s.d_kept + at, dh * o * tanh_slope(squashed), lanes);
    }
}

static void CK_AT_LEVEL(lstm_state_backward)(ck_cell s) {
    CK_EACH_UNIT(s) {
        float *gates = s.gates + gate;
        v16 i = v_get(gates, lanes), f = v_get(gates + hidden, lanes), g = v_get(gates + 2 * hidden, lanes);
        v16 dc = v_get(s.dc + at, lanes);
        v_put(gates, dc * g * sigmoid_slope(i), lanes);
        v_put(gates + hidden, dc * v_get(s.c_previous + at, lanes) * sigmoid_slope(f), lanes);
        v_put(gates + 2 * hidden, dc * i * tanh_slope(g), lanes);
        v_put(s.dc + at, dc * f, lanes);
    }
}
