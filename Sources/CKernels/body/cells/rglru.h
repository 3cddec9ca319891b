/* RG-LRU, De et al. 2024, gate order r i u: r = s(x_r), i = s(x_i), log a = -8*r*softplus(L), h = a*h_previous + sqrt(1 -
 * a^2)*i*u, with a parameter L for each unit. */

/* log a for r = 1: -8*softplus(x) = 8*log s(-x). */
CK_INLINE v16 decay_rate(v16 x) { return v_fill(8.0f) * log_sigmoid(-x); }

/* 1 - e^x for x <= 0, without cancellation near 0. */
CK_INLINE v16 one_minus_exp(v16 x) {
    v16 whole, low = v_fill(-87.3365447f), q = exp_split(v_select(x < low, low, x), &whole);
    return v_select(whole == v_fill(0.0f), -q, ONE - scale_by_power(q + ONE, whole));
}

static void CK_AT_LEVEL(rglru_forward)(ck_cell s) {
    CK_EACH_UNIT(s) {
        float *gates = s.gates + gate;
        v16 r = v_sigmoid(v_get(gates, lanes)), i = v_sigmoid(v_get(gates + hidden, lanes));
        v16 log_a = r * decay_rate(v_get(s.unit_values + u, lanes));
        v16 input = __builtin_elementwise_sqrt(one_minus_exp(log_a + log_a)) * i * v_get(gates + 2 * hidden, lanes);
        v_put(gates, r, lanes);
        v_put(gates + hidden, i, lanes);
        v_put(s.h + at, v_fma(v_exp_of_negative(log_a), v_get(s.h_previous + at, lanes), input), lanes);
    }
}

/* The derivative of b = sqrt(1 - a^2) by log a is -a^2/b. It uses b >= 0.0005, so that it stays bounded if a is nearly 1. */
static void CK_AT_LEVEL(rglru_backward)(ck_cell s) {
    CK_EACH_UNIT(s) {
        float *gates = s.gates + gate, *d_values = s.d_unit_values + at;
        v16 r = v_get(gates, lanes), i = v_get(gates + hidden, lanes), x = v_get(gates + 2 * hidden, lanes);
        v16 value = v_get(s.unit_values + u, lanes), rate = decay_rate(value), log_a = r * rate, a = v_exp_of_negative(log_a);
        v16 square = one_minus_exp(log_a + log_a), least = v_fill(2.5e-7f), dh = v_get(s.dh + at, lanes);
        v16 b = __builtin_elementwise_sqrt(square), bounded = v_select(square < least, __builtin_elementwise_sqrt(least), b);
        v16 d_log_a = dh * a * (v_get(s.h_previous + at, lanes) - a * i * x / bounded);
        v_put(d_values, v_get(d_values, lanes) - d_log_a * r * (v_fill(8.0f) * v_sigmoid(value)), lanes);
        v_put(gates, d_log_a * rate * sigmoid_slope(r), lanes);
        v_put(gates + hidden, dh * b * x * sigmoid_slope(i), lanes);
        v_put(gates + 2 * hidden, dh * b * i, lanes);
        v_put(s.dh + at, dh * a, lanes);
    }
}
