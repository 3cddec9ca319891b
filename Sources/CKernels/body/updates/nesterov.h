/* SGD with Nesterov momentum as torch.optim.SGD: g += decay*p; v = momentum*v + g (first update: v = g); p -= rate*(g + momentum*v).
 *
 * Moments: v. */
typedef struct {
    float momentum, decay;
} nesterov_constants;

static void CK_AT_LEVEL(update_nesterov)(const ck_update *u, uint32_t *moved) {
    u16 total = {0};
    nesterov_constants c;
    memcpy(&c, u->constants, sizeof c);
    const ck_clip clip = u->clip;
    const long count = u->count, number = u->number;
    const float *g = u->gradient;
    float *p = u->parameters, *v = u->moments[0];
    const v16 momentum = v_fill(c.momentum), decay = v_fill(c.decay), rate = v_fill(-u->rate);
    for (long i = 0; i < count; i += 16) {
        long lanes = lanes_left(count, i);
        v16 parameter = v_get(p + i, lanes), before = v_get(v + i, lanes);
        v16 gradient = v_fma(decay, parameter, clipped(v_get(g + i, lanes), clip));
        v16 velocity = number > 1 ? v_fma(momentum, before, gradient) : gradient;
        overwrite(v + i, before, velocity, lanes, &total);
        overwrite(p + i, parameter, v_fma(rate, v_fma(momentum, velocity, gradient), parameter), lanes, &total);
    }
    *moved += u_sum(total);
}
