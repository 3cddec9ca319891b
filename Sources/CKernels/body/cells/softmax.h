/* Softmax over the units of each row: h = e^(x - max) / sum. Backward, the gradient of x is h*(dh - sum of h*dh). */
static void CK_AT_LEVEL(softmax_forward)(ck_cell s) {
    for (long r = 0; r < s.rows; r++) {
        const float *x = s.gates + r * s.ld;
        float *h = s.h + r * s.hidden;
        v16 largest = v_fill(x[0]), sums = v_fill(0.0f);
        for (long u = 0; u < s.hidden; u += 16) {
            v16 part = v_keep(v_get(x + u, lanes_left(s.hidden, u)), lanes_left(s.hidden, u), x[0]);
            largest = v_select(part > largest, part, largest);
        }
        const v16 maximum = v_fill(v_fold_maximum(largest));
        for (long u = 0; u < s.hidden; u += 16) {
            const long lanes = lanes_left(s.hidden, u);
            v16 power = v_exp_of_negative(v_get(x + u, lanes) - maximum);
            v_put(h + u, power, lanes);
            sums = sums + v_keep(power, lanes, 0.0f);
        }
        const v16 inverse = v_fill(1.0f / v_fold(sums));
        for (long u = 0; u < s.hidden; u += 16)
            v_put(h + u, v_get(h + u, lanes_left(s.hidden, u)) * inverse, lanes_left(s.hidden, u));
    }
}

static void CK_AT_LEVEL(softmax_backward)(ck_cell s) {
    for (long r = 0; r < s.rows; r++) {
        const float *h = s.h + r * s.hidden, *dh = s.dh + r * s.hidden;
        v16 sums = v_fill(0.0f);
        for (long u = 0; u < s.hidden; u += 16) {
            const long lanes = lanes_left(s.hidden, u);
            sums = sums + v_keep(v_get(h + u, lanes) * v_get(dh + u, lanes), lanes, 0.0f);
        }
        const v16 mean = v_fill(v_fold(sums));
        for (long u = 0; u < s.hidden; u += 16) {
            const long lanes = lanes_left(s.hidden, u);
            v_put(s.gates + r * s.ld + u, v_get(h + u, lanes) * (v_get(dh + u, lanes) - mean), lanes);
        }
    }
}
