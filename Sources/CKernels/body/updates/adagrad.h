/* AdaGrad (Duchi et al. 2011) as torch.optim.Adagrad: s += g^2; p -= rate * g / (sqrt(s) + epsilon).
 *
 * Moments: s. */
typedef struct {
    float epsilon, weight_decay;
} adagrad_constants;

static void CK_AT_LEVEL(update_adagrad)(const ck_update *u, uint32_t *moved) {
    u16 total = {0};
    adagrad_constants c;
    memcpy(&c, u->constants, sizeof c);
    const ck_clip clip = u->clip;
    const long count = u->count;
    const float *g = u->gradient;
    float *p = u->parameters, *s = u->moments[0];
    const v16 epsilon = v_fill(c.epsilon), weight_decay = v_fill(c.weight_decay), rate = v_fill(-u->rate);
    for (long i = 0; i < count; i += 16) {
        long lanes = lanes_left(count, i);
        v16 parameter = v_get(p + i, lanes), before = v_get(s + i, lanes);
        v16 gradient = v_fma(weight_decay, parameter, clipped(v_get(g + i, lanes), clip));
        v16 squares = v_fma(gradient, gradient, before);
        v16 change = gradient / (__builtin_elementwise_sqrt(squares) + epsilon);
        overwrite(s + i, before, squares, lanes, &total);
        overwrite(p + i, parameter, v_fma(rate, change, parameter), lanes, &total);
    }
    *moved += u_sum(total);
}
