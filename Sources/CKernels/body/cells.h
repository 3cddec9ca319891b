/* The element-wise arithmetic of the recurrent cells, forward and backward. */

/* Loops over the vectors of units of each row: `r` is the row, `u` the first unit, `lanes` the number of units. */
#define CK_EACH_UNIT(rows, hidden)         \
    for (long r = 0; r < (rows); r++)      \
        for (long u = 0, lanes; u < (hidden) && (lanes = lanes_left(hidden, u), 1); u += 16)

#define ONE v_fill(1.0f)

void CK_AT_LEVEL(lstm_forward)(long rows, long hidden, float *gates, long ld, const float *c_previous, float *c, float *tanh_c, float *h) {
    CK_EACH_UNIT(rows, hidden) {
        float *gate = gates + r * ld + u;
        long at = r * hidden + u;
        v16 i = v_sigmoid(v_get(gate, lanes));
        v16 f = v_sigmoid(v_get(gate + hidden, lanes));
        v16 g = v_tanh(v_get(gate + 2 * hidden, lanes));
        v16 o = v_sigmoid(v_get(gate + 3 * hidden, lanes));
        v16 cell = v_fma(f, v_get(c_previous + at, lanes), i * g);
        v16 squashed = v_tanh(cell);
        v_put(gate, i, lanes);
        v_put(gate + hidden, f, lanes);
        v_put(gate + 2 * hidden, g, lanes);
        v_put(gate + 3 * hidden, o, lanes);
        v_put(c + at, cell, lanes);
        v_put(tanh_c + at, squashed, lanes);
        v_put(h + at, o * squashed, lanes);
    }
}

void CK_AT_LEVEL(lstm_backward)(long rows, long hidden, float *gates, long ld, const float *c_previous, const float *tanh_c,
                                const float *dh, float *dc) {
    CK_EACH_UNIT(rows, hidden) {
        float *gate = gates + r * ld + u;
        long at = r * hidden + u;
        v16 i = v_get(gate, lanes), f = v_get(gate + hidden, lanes);
        v16 g = v_get(gate + 2 * hidden, lanes), o = v_get(gate + 3 * hidden, lanes);
        v16 squashed = v_get(tanh_c + at, lanes), d_h = v_get(dh + at, lanes);
        v16 d_cell = v_fma(d_h * o, ONE - squashed * squashed, v_get(dc + at, lanes));
        v_put(gate, d_cell * g * (i * (ONE - i)), lanes);
        v_put(gate + hidden, d_cell * v_get(c_previous + at, lanes) * (f * (ONE - f)), lanes);
        v_put(gate + 2 * hidden, d_cell * i * (ONE - g * g), lanes);
        v_put(gate + 3 * hidden, d_h * squashed * (o * (ONE - o)), lanes);
        v_put(dc + at, d_cell * f, lanes);
    }
}

/* h = (1 - z)*n + z*h_previous = n + z*(h_previous - n). */
CK_INLINE v16 gru_mix(v16 z, v16 n, v16 h_previous) { return v_fma(z, h_previous - n, n); }

void CK_AT_LEVEL(gru_forward)(long rows, long hidden, float *from_input, const float *from_hidden, long ld, const float *h_previous,
                              float *h) {
    CK_EACH_UNIT(rows, hidden) {
        float *x = from_input + r * ld + u;
        const float *y = from_hidden + r * ld + u;
        long at = r * hidden + u;
        v16 reset = v_sigmoid(v_get(x, lanes) + v_get(y, lanes));
        v16 z = v_sigmoid(v_get(x + hidden, lanes) + v_get(y + hidden, lanes));
        v16 n = v_tanh(v_fma(reset, v_get(y + 2 * hidden, lanes), v_get(x + 2 * hidden, lanes)));
        v_put(x, reset, lanes);
        v_put(x + hidden, z, lanes);
        v_put(x + 2 * hidden, n, lanes);
        v_put(h + at, gru_mix(z, n, v_get(h_previous + at, lanes)), lanes);
    }
}

void CK_AT_LEVEL(gru_backward)(long rows, long hidden, float *from_input, float *from_hidden, long ld, const float *h_previous, float *dh) {
    CK_EACH_UNIT(rows, hidden) {
        float *x = from_input + r * ld + u, *y = from_hidden + r * ld + u;
        long at = r * hidden + u;
        v16 reset = v_get(x, lanes), z = v_get(x + hidden, lanes), n = v_get(x + 2 * hidden, lanes);
        v16 d_h = v_get(dh + at, lanes);
        v16 d_n = d_h * (ONE - z) * (ONE - n * n);
        v16 d_z = d_h * (v_get(h_previous + at, lanes) - n) * (z * (ONE - z));
        v16 d_reset = d_n * v_get(y + 2 * hidden, lanes) * (reset * (ONE - reset));
        v_put(x, d_reset, lanes);
        v_put(x + hidden, d_z, lanes);
        v_put(x + 2 * hidden, d_n, lanes);
        v_put(y, d_reset, lanes);
        v_put(y + hidden, d_z, lanes);
        v_put(y + 2 * hidden, d_n * reset, lanes);
        v_put(dh + at, d_h * z, lanes);
    }
}

void CK_AT_LEVEL(gru_before_gates)(long rows, long hidden, float *gates, long ld, const float *h_previous, float *reset_h) {
    CK_EACH_UNIT(rows, hidden) {
        float *gate = gates + r * ld + u;
        long at = r * hidden + u;
        v16 reset = v_sigmoid(v_get(gate, lanes));
        v_put(gate, reset, lanes);
        v_put(gate + hidden, v_sigmoid(v_get(gate + hidden, lanes)), lanes);
        v_put(reset_h + at, reset * v_get(h_previous + at, lanes), lanes);
    }
}

void CK_AT_LEVEL(gru_before_output)(long rows, long hidden, float *gates, long ld, const float *h_previous, float *h) {
    CK_EACH_UNIT(rows, hidden) {
        float *gate = gates + r * ld + u;
        long at = r * hidden + u;
        v16 n = v_tanh(v_get(gate + 2 * hidden, lanes));
        v_put(gate + 2 * hidden, n, lanes);
        v_put(h + at, gru_mix(v_get(gate + hidden, lanes), n, v_get(h_previous + at, lanes)), lanes);
    }
}

void CK_AT_LEVEL(gru_before_output_backward)(long rows, long hidden, float *gates, long ld, const float *h_previous, float *dh) {
    CK_EACH_UNIT(rows, hidden) {
        float *gate = gates + r * ld + u;
        long at = r * hidden + u;
        v16 z = v_get(gate + hidden, lanes), n = v_get(gate + 2 * hidden, lanes), d_h = v_get(dh + at, lanes);
        v_put(gate + hidden, d_h * (v_get(h_previous + at, lanes) - n) * (z * (ONE - z)), lanes);
        v_put(gate + 2 * hidden, d_h * (ONE - z) * (ONE - n * n), lanes);
        v_put(dh + at, d_h * z, lanes);
    }
}

void CK_AT_LEVEL(gru_before_gates_backward)(long rows, long hidden, float *gates, long ld, const float *h_previous, const float *d_reset_h,
                                            float *dh_previous) {
    CK_EACH_UNIT(rows, hidden) {
        float *gate = gates + r * ld + u;
        long at = r * hidden + u;
        v16 reset = v_get(gate, lanes), d = v_get(d_reset_h + at, lanes);
        v_put(gate, d * v_get(h_previous + at, lanes) * (reset * (ONE - reset)), lanes);
        v_put(dh_previous + at, v_fma(d, reset, v_get(dh_previous + at, lanes)), lanes);
    }
}

CK_INLINE v16 elman_activation(int kind, v16 x) {
    if (kind == 0)
        return v_tanh(x);
    if (kind == 2)
        return v_sigmoid(x);
    return v_select(x < v_fill(0.0f), v_fill(0.0f), x); /* NaN stays */
}

/* f' in terms of h = f(x). */
CK_INLINE v16 elman_slope(int kind, v16 h) {
    if (kind == 0)
        return ONE - h * h;
    if (kind == 2)
        return h * (ONE - h);
    return v_select(h > v_fill(0.0f), ONE, v_fill(0.0f));
}

void CK_AT_LEVEL(elman_forward)(int kind, long rows, long hidden, const float *preactivations, long ld, float *h) {
    CK_EACH_UNIT(rows, hidden)
        v_put(h + r * hidden + u, elman_activation(kind, v_get(preactivations + r * ld + u, lanes)), lanes);
}

void CK_AT_LEVEL(elman_backward)(int kind, long rows, long hidden, const float *h, const float *dh, float *d_preactivations, long ld) {
    CK_EACH_UNIT(rows, hidden) {
        const long at = r * hidden + u;
        v_put(d_preactivations + r * ld + u, v_get(dh + at, lanes) * elman_slope(kind, v_get(h + at, lanes)), lanes);
    }
}
#undef ONE
#undef CK_EACH_UNIT
