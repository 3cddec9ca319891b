/* LSTM, Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al. 2000, gate order i f g o (torch.nn.LSTM): c =
 * f*c_previous + i*g, h = o*tanh(c). Stores tanh(c) in `kept`. */
static void CK_AT_LEVEL(lstm_forward)(ck_cell s) {
    CK_EACH_UNIT(s) {
        float *gates = s.gates + gate;
        v16 i = v_sigmoid(v_get(gates, lanes));
        v16 f = v_sigmoid(v_get(gates + hidden, lanes));
        v16 g = v_tanh(v_get(gates + 2 * hidden, lanes));
        v16 o = v_sigmoid(v_get(gates + 3 * hidden, lanes));
        v16 c = v_fma(f, v_get(s.c_previous + at, lanes), i * g);
        v16 squashed = v_tanh(c);
        v_put(gates, i, lanes);
        v_put(gates + hidden, f, lanes);
        v_put(gates + 2 * hidden, g, lanes);
        v_put(gates + 3 * hidden, o, lanes);
        v_put(s.c + at, c, lanes);
        v_put(s.kept + at, squashed, lanes);
        v_put(s.h + at, o * squashed, lanes);
    }
}

static void CK_AT_LEVEL(lstm_backward)(ck_cell s) {
    CK_EACH_UNIT(s) {
        float *gates = s.gates + gate;
        v16 i = v_get(gates, lanes), f = v_get(gates + hidden, lanes);
        v16 g = v_get(gates + 2 * hidden, lanes), o = v_get(gates + 3 * hidden, lanes);
        v16 squashed = v_get(s.kept + at, lanes), dh = v_get(s.dh + at, lanes);
        v16 dc = v_fma(dh * o, tanh_slope(squashed), v_get(s.dc + at, lanes));
        v_put(gates, dc * g * sigmoid_slope(i), lanes);
        v_put(gates + hidden, dc * v_get(s.c_previous + at, lanes) * sigmoid_slope(f), lanes);
        v_put(gates + 2 * hidden, dc * i * tanh_slope(g), lanes);
        v_put(gates + 3 * hidden, dh * squashed * sigmoid_slope(o), lanes);
        v_put(s.dc + at, dc * f, lanes);
    }
}
