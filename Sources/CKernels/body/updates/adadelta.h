/* Adadelta (Zeiler 2012) as torch.optim.Adadelta: s = decay*s + (1-decay)*g^2; d = g * sqrt(a + epsilon) / sqrt(s + epsilon);
 * a = decay*a + (1-decay)*d^2; p -= rate*d.
 *
 * Moments: s and a. */
typedef struct {
    float decay, epsilon, weight_decay;
} adadelta_constants;

static void CK_AT_LEVEL(update_adadelta)(const ck_update *u, uint32_t *moved) {
    u16 total = {0};
    adadelta_constants c;
    memcpy(&c, u->constants, sizeof c);
    const ck_clip clip = u->clip;
    const long count = u->count;
    const float *g = u->gradient;
    float *p = u->parameters, *s = u->moments[0], *a = u->moments[1];
    const v16 decay = v_fill(c.decay), rest = v_fill(1.0f - c.decay), epsilon = v_fill(c.epsilon);
    const v16 weight_decay = v_fill(c.weight_decay), rate = v_fill(-u->rate);
    for (long i = 0; i < count; i += 16) {
        long lanes = lanes_left(count, i);
        v16 parameter = v_get(p + i, lanes), s_before = v_get(s + i, lanes), a_before = v_get(a + i, lanes);
        v16 gradient = v_fma(weight_decay, parameter, clipped(v_get(g + i, lanes), clip));
        v16 squares = v_fma(decay, s_before, rest * gradient * gradient);
        v16 change = __builtin_elementwise_sqrt(a_before + epsilon) / __builtin_elementwise_sqrt(squares + epsilon) * gradient;
        overwrite(s + i, s_before, squares, lanes, &total);
        overwrite(a + i, a_before, v_fma(decay, a_before, rest * change * change), lanes, &total);
        overwrite(p + i, parameter, v_fma(rate, change, parameter), lanes, &total);
    }
    *moved += u_sum(total);
}
