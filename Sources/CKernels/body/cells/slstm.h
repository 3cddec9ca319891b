/* sLSTM, Beck et al. 2024, gate order i f z o: m = max(x_i, m_previous + log s(x_f)), i = exp(x_i - m), f = exp(log s(x_f) +
 * m_previous - m), c = f*c_previous + i*tanh(x_z), n = f*n_previous + i, h = s(x_o)*c/n. Before the first step n is 0; then m =
 * x_i and f = 0. After a step n is at least 1. Stores s(-x_f), the derivative of log s(x_f), in `kept`. */

static void CK_AT_LEVEL(slstm_forward)(ck_cell s) {
    CK_EACH_UNIT(s) {
        float *gates = s.gates + gate;
        v16 x_i = v_get(gates, lanes), x_f = v_get(gates + hidden, lanes), n_previous = v_get(s.n_previous + at, lanes);
        v16 decayed = v_get(s.m_previous + at, lanes) + log_sigmoid(x_f);
        i16 is_first = n_previous == v_fill(0.0f);
        v16 m = v_select(~is_first & (decayed > x_i), decayed, x_i);
        v16 i = v_exp_of_negative(x_i - m), f = v_select(is_first, v_fill(0.0f), v_exp_of_negative(decayed - m));
        v16 z = v_tanh(v_get(gates + 2 * hidden, lanes)), o = v_sigmoid(v_get(gates + 3 * hidden, lanes));
        v16 c = v_fma(f, v_get(s.c_previous + at, lanes), i * z), n = v_fma(f, n_previous, i);
        v_put(gates, i, lanes);
        v_put(gates + hidden, f, lanes);
        v_put(gates + 2 * hidden, z, lanes);
        v_put(gates + 3 * hidden, o, lanes);
        v_put(s.kept + at, v_sigmoid(-x_f), lanes);
        v_put(s.c + at, c, lanes);
        v_put(s.n + at, n, lanes);
        v_put(s.m + at, m, lanes);
        v_put(s.h + at, o * (c / n), lanes);
    }
}

/* For given c*exp(m) and n*exp(m), h does not depend on m, so m is treated as a constant. */
static void CK_AT_LEVEL(slstm_backward)(ck_cell s) {
    CK_EACH_UNIT(s) {
        float *gates = s.gates + gate;
        v16 i = v_get(gates, lanes), f = v_get(gates + hidden, lanes);
        v16 z = v_get(gates + 2 * hidden, lanes), o = v_get(gates + 3 * hidden, lanes);
        v16 n = v_get(s.n + at, lanes), mean = v_get(s.c + at, lanes) / n, dh = v_get(s.dh + at, lanes), d_mean = dh * o / n;
        v16 dc = v_get(s.dc + at, lanes) + d_mean, dn = v_get(s.dn + at, lanes) - d_mean * mean;
        v16 df = v_fma(dc, v_get(s.c_previous + at, lanes), dn * v_get(s.n_previous + at, lanes));
        v_put(gates, v_fma(dc, z, dn) * i, lanes);
        v_put(gates + hidden, df * f * v_get(s.kept + at, lanes), lanes);
        v_put(gates + 2 * hidden, dc * i * tanh_slope(z), lanes);
        v_put(gates + 3 * hidden, dh * mean * sigmoid_slope(o), lanes);
        v_put(s.dc + at, dc * f, lanes);
        v_put(s.dn + at, dn * f, lanes);
    }
}
