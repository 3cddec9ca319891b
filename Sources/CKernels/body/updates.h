/* Optimiser updates, element by element. */

CK_INLINE v16 clipped(v16 g, ck_clip clip) {
    g = g * v_fill(clip.scale);
    if (clip.limit > 0.0f) {
        g = v_select(g > v_fill(clip.limit), v_fill(clip.limit), g);
        g = v_select(g < v_fill(-clip.limit), v_fill(-clip.limit), g);
    }
    return g;
}

void CK_AT_LEVEL(sgd)(long count, float *p, const float *g, float *velocity, ck_clip clip, float rate, float momentum, float decay,
                      int first_step) {
    for (long i = 0; i < count; i += 16) {
        long lanes = lanes_left(count, i);
        v16 parameter = v_get(p + i, lanes);
        v16 change = v_fma(v_fill(decay), parameter, clipped(v_get(g + i, lanes), clip));
        if (momentum != 0.0f) {
            if (!first_step)
                change = v_fma(v_fill(momentum), v_get(velocity + i, lanes), change);
            v_put(velocity + i, change, lanes);
        }
        v_put(p + i, v_fma(v_fill(-rate), change, parameter), lanes);
    }
}

void CK_AT_LEVEL(adam)(long count, float *p, const float *g, float *m, float *v, ck_clip clip, const ck_adam_parameters *a) {
    const v16 beta1 = v_fill(a->beta1), beta2 = v_fill(a->beta2);
    const v16 rest1 = v_fill(1.0f - a->beta1), rest2 = v_fill(1.0f - a->beta2);
    const v16 rate = v_fill(-a->rate / a->correction1), root = v_fill(__builtin_sqrtf(a->correction2)), epsilon = v_fill(a->epsilon);
    const v16 shrink = v_fill(a->decoupled ? 1.0f - a->rate * a->decay : 1.0f), decay = v_fill(a->decoupled ? 0.0f : a->decay);
    for (long i = 0; i < count; i += 16) {
        long lanes = lanes_left(count, i);
        v16 parameter = v_get(p + i, lanes);
        v16 gradient = v_fma(decay, parameter, clipped(v_get(g + i, lanes), clip));
        v16 first = v_fma(beta1, v_get(m + i, lanes), rest1 * gradient);
        v16 second = v_fma(beta2, v_get(v + i, lanes), rest2 * gradient * gradient);
        v16 size = __builtin_elementwise_sqrt(second) / root + epsilon;
        v_put(m + i, first, lanes);
        v_put(v + i, second, lanes);
        v_put(p + i, v_fma(rate, first / size, parameter * shrink), lanes);
    }
}
