/* Adam (Kingma & Ba 2015) as torch.optim.Adam, or decoupled decay (Loshchilov & Hutter 2019) as torch.optim.AdamW.
 *
 * Moments: m and v. */
typedef struct {
    float beta1, beta2;
    float epsilon;
    float correction1; /* 1 - beta1^t */
    float correction2; /* 1 - beta2^t */
    float decay;
    float decoupled; /* 0 or 1 */
} adam_constants;

static void CK_AT_LEVEL(update_adam)(const ck_update *u, uint32_t *moved) {
    u16 total = {0};
    adam_constants a;
    memcpy(&a, u->constants, sizeof a);
    const ck_clip clip = u->clip;
    const long count = u->count;
    const float *g = u->gradient;
    float *p = u->parameters, *m = u->moments[0], *v = u->moments[1];
    const v16 beta1 = v_fill(a.beta1), beta2 = v_fill(a.beta2);
    const v16 rest1 = v_fill(1.0f - a.beta1), rest2 = v_fill(1.0f - a.beta2);
    const v16 rate = v_fill(-u->rate / a.correction1), root = v_fill(__builtin_sqrtf(a.correction2)), epsilon = v_fill(a.epsilon);
    const int decoupled = a.decoupled != 0.0f;
    const v16 shrink = v_fill(decoupled ? 1.0f - u->rate * a.decay : 1.0f), decay = v_fill(decoupled ? 0.0f : a.decay);
    for (long i = 0; i < count; i += 16) {
        long lanes = lanes_left(count, i);
        v16 parameter = v_get(p + i, lanes);
        v16 gradient = v_fma(decay, parameter, clipped(v_get(g + i, lanes), clip));
        v16 first_before = v_get(m + i, lanes), second_before = v_get(v + i, lanes);
        v16 first = v_fma(beta1, first_before, rest1 * gradient);
        v16 second = v_fma(beta2, second_before, rest2 * gradient * gradient);
        v16 size = __builtin_elementwise_sqrt(second) / root + epsilon;
        v16 next = v_fma(rate, first / size, parameter * shrink);
        overwrite(m + i, first_before, first, lanes, &total);
        overwrite(v + i, second_before, second, lanes, &total);
        overwrite(p + i, parameter, next, lanes, &total);
    }
    *moved += u_sum(total);
}
