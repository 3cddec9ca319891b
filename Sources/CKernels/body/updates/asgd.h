/* Averaged SGD (Polyak & Juditsky 1992) as torch.optim.ASGD: p = p*shrink - rate*(g + weight_decay*p), a = a + share*(p - a); a = p where the
 * share is 1. The rate is among the constants.
 *
 * Moments: a. */
typedef struct {
    float rate, shrink, share, weight_decay;
} asgd_constants;

static void CK_AT_LEVEL(update_asgd)(const ck_update *u, uint32_t *moved) {
    u16 total = {0};
    asgd_constants c;
    memcpy(&c, u->constants, sizeof c);
    const ck_clip clip = u->clip;
    const long count = u->count;
    const float *g = u->gradient;
    float *p = u->parameters, *a = u->moments[0];
    const v16 rate = v_fill(-c.rate), shrink = v_fill(c.shrink), share = v_fill(c.share), weight_decay = v_fill(c.weight_decay);
    for (long i = 0; i < count; i += 16) {
        long lanes = lanes_left(count, i);
        v16 parameter = v_get(p + i, lanes), average = v_get(a + i, lanes);
        v16 gradient = v_fma(weight_decay, parameter, clipped(v_get(g + i, lanes), clip));
        v16 next = v_fma(rate, gradient, parameter * shrink);
        overwrite(p + i, parameter, next, lanes, &total);
        overwrite(a + i, average, c.share == 1.0f ? next : v_fma(share, next - average, average), lanes, &total);
    }
    *moved += u_sum(total);
}
