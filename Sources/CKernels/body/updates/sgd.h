/* SGD as torch.optim.SGD: g += decay*p; with momentum v = momentum*v + g (first update: v = g), p -= rate*v, else p -= rate*g.
 *
 * Moments: v, with momentum only. */
typedef struct {
    float momentum, decay;
} sgd_constants;

static void CK_AT_LEVEL(update_sgd)(const ck_update *u, uint32_t *moved) {
    u16 total = {0};
    sgd_constants s;
    memcpy(&s, u->constants, sizeof s);
    const ck_clip clip = u->clip;
    const long count = u->count, number = u->number;
    const float *g = u->gradient;
    float *p = u->parameters, *v = u->moments[0];
    const v16 momentum = v_fill(s.momentum), decay = v_fill(s.decay), rate = v_fill(-u->rate);
    for (long i = 0; i < count; i += 16) {
        long lanes = lanes_left(count, i);
        v16 parameter = v_get(p + i, lanes);
        v16 change = v_fma(decay, parameter, clipped(v_get(g + i, lanes), clip));
        if (s.momentum != 0.0f) {
            v16 before = v_get(v + i, lanes);
            if (number > 1)
                change = v_fma(momentum, before, change);
            overwrite(v + i, before, change, lanes, &total);
        }
        overwrite(p + i, parameter, v_fma(rate, change, parameter), lanes, &total);
    }
    *moved += u_sum(total);
}
