/* A GRU with only an update gate, gate order u n: u = s(x_u), n = tanh(x_n), h = u*n + (1 - u)*h_previous = h_previous + u*(n -
 * h_previous). */
static void CK_AT_LEVEL(update_gate_forward)(ck_cell s) {
    CK_EACH_UNIT(s) {
        float *gates = s.gates + gate;
        v16 u_gate = v_sigmoid(v_get(gates, lanes));
        v16 n = v_tanh(v_get(gates + hidden, lanes)), h_previous = v_get(s.h_previous + at, lanes);
        v_put(gates, u_gate, lanes);
        v_put(gates + hidden, n, lanes);
        v_put(s.h + at, v_fma(u_gate, n - h_previous, h_previous), lanes);
    }
}

static void CK_AT_LEVEL(update_gate_backward)(ck_cell s) {
    CK_EACH_UNIT(s) {
        float *gates = s.gates + gate;
        v16 u_gate = v_get(gates, lanes), n = v_get(gates + hidden, lanes), dh = v_get(s.dh + at, lanes);
        v_put(gates, dh * (n - v_get(s.h_previous + at, lanes)) * sigmoid_slope(u_gate), lanes);
        v_put(gates + hidden, dh * u_gate * tanh_slope(n), lanes);
        v_put(s.dh + at, dh * (ONE - u_gate), lanes);
    }
}
