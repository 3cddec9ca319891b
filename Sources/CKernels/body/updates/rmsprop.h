/* RMSProp (Tieleman & Hinton 2012) as torch.optim.RMSprop: s = decay*s + (1-decay)*g^2; d = g / (sqrt(s) + epsilon);
 * with momentum v = momentum*v + d, p -= rate*v, else p -= rate*d.
 *
 * Moments: s, and v with momentum only. */
typedef struct {
    float decay, epsilon, momentum, weight_decay;
} rmsprop_constants;

static void CK_AT_LEVEL(update_rmsprop)(const ck_update *u, uint32_t *moved) {
    u16 total = {0};
    rmsprop_constants c;
    memcpy(&c, u->constants, sizeof c);
    const ck_clip clip = u->clip;
    const long count = u->count;
    const float *g = u->gradient;
    float *p = u->parameters, *s = u->moments[0], *v = u->moments[1];
    const v16 decay = v_fill(c.decay), rest = v_fill(1.0f - c.decay), epsilon = v_fill(c.epsilon);
    const v16 momentum = v_fill(c.momentum), weight_decay = v_fill(c.weight_decay), rate = v_fill(-u->rate);
    for (long i = 0; i < count; i += 16) {
        long lanes = lanes_left(count, i);
        v16 parameter = v_get(p + i, lanes), s_before = v_get(s + i, lanes);
        v16 gradient = v_fma(weight_decay, parameter, clipped(v_get(g + i, lanes), clip));
        v16 squares = v_fma(decay, s_before, rest * gradient * gradient);
        v16 change = gradient / (__builtin_elementwise_sqrt(squares) + epsilon);
        overwrite(s + i, s_before, squares, lanes, &total);
        if (c.momentum != 0.0f) {
            v16 v_before = v_get(v + i, lanes);
            change = v_fma(momentum, v_before, change);
            overwrite(v + i, v_before, change, lanes, &total);
        }
        overwrite(p + i, parameter, v_fma(rate, change, parameter), lanes, &total);
    }
    *moved += u_sum(total);
}
