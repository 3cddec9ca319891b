/* GRU, Cho et al. 2014, with the reset gate after the product (torch.nn.GRU), gate order r z n. x is in `gates`; y, the hidden
 * product, is in `other_gates`: r = s(x_r + y_r), z = s(x_z + y_z), n = tanh(x_n + r*y_n), h = (1 - z)*n + z*h_previous. */

/* (1 - z)*n + z*h_previous = n + z*(h_previous - n). */
CK_INLINE v16 gru_mix(v16 z, v16 n, v16 h_previous) { return v_fma(z, h_previous - n, n); }

static void CK_AT_LEVEL(gru_forward)(ck_cell s) {
    CK_EACH_UNIT(s) {
        float *x = s.gates + gate;
        const float *y = s.other_gates + gate;
        v16 reset = v_sigmoid(v_get(x, lanes) + v_get(y, lanes));
        v16 z = v_sigmoid(v_get(x + hidden, lanes) + v_get(y + hidden, lanes));
        v16 n = v_tanh(v_fma(reset, v_get(y + 2 * hidden, lanes), v_get(x + 2 * hidden, lanes)));
        v_put(x, reset, lanes);
        v_put(x + hidden, z, lanes);
        v_put(x + 2 * hidden, n, lanes);
        v_put(s.h + at, gru_mix(z, n, v_get(s.h_previous + at, lanes)), lanes);
    }
}

static void CK_AT_LEVEL(gru_backward)(ck_cell s) {
    CK_EACH_UNIT(s) {
        float *x = s.gates + gate, *y = s.other_gates + gate;
        v16 reset = v_get(x, lanes), z = v_get(x + hidden, lanes), n = v_get(x + 2 * hidden, lanes);
        v16 dh = v_get(s.dh + at, lanes);
        v16 dn = dh * (ONE - z) * tanh_slope(n);
        v16 dz = dh * (v_get(s.h_previous + at, lanes) - n) * sigmoid_slope(z);
        v16 d_reset = dn * v_get(y + 2 * hidden, lanes) * sigmoid_slope(reset);
        v_put(x, d_reset, lanes);
        v_put(x + hidden, dz, lanes);
        v_put(x + 2 * hidden, dn, lanes);
        v_put(y, d_reset, lanes);
        v_put(y + hidden, dz, lanes);
        v_put(y + 2 * hidden, dn * reset, lanes);
        v_put(s.dh + at, dh * z, lanes);
    }
}
