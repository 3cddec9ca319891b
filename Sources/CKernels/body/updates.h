/* Optimizer updates, element by element. */

CK_INLINE v16 clipped(v16 g, ck_clip clip) {
    g = g * v_fill(clip.scale);
    if (clip.limit > 0.0f) {
        g = v_select(g > v_fill(clip.limit), v_fill(clip.limit), g);
        g = v_select(g < v_fill(-clip.limit), v_fill(-clip.limit), g);
    }
    return g;
}

/* The change of the sum of bits when lanes are overwritten. Unused lanes do not count. */
CK_INLINE u16 moved_bits(v16 before, v16 after, long lanes) {
    u16 moved = (u16)after - (u16)before;
    if (lanes < 16)
        for (long lane = lanes; lane < 16; lane++)
            moved[lane] = 0;
    return moved;
}

void CK_AT_LEVEL(bits)(long count, const float *x, ck_bit_sum *sum) {
    u16 total = {0}, largest = {0};
    for (long i = 0; i < count; i += 16) {
        u16 bits = (u16)v_get(x + i, lanes_left(count, i));
        u16 size = bits & 0x7fffffffu;
        total += bits;
        largest = __builtin_elementwise_max(size, largest);
    }
    sum->sum += u_sum(total);
    for (int lane = 0; lane < 16; lane++)
        if (largest[lane] >= 0x7f800000u)
            sum->not_finite = 1;
}

void CK_AT_LEVEL(sgd)(long count, float *p, const float *g, float *velocity, ck_clip clip, float rate, float momentum, float decay,
                      int first_step, uint32_t *moved) {
    u16 total = {0};
    for (long i = 0; i < count; i += 16) {
        long lanes = lanes_left(count, i);
        v16 parameter = v_get(p + i, lanes);
        v16 change = v_fma(v_fill(decay), parameter, clipped(v_get(g + i, lanes), clip));
        if (momentum != 0.0f) {
            v16 before = v_get(velocity + i, lanes);
            if (!first_step)
                change = v_fma(v_fill(momentum), before, change);
            v_put(velocity + i, change, lanes);
            total += moved_bits(before, change, lanes);
        }
        v16 next = v_fma(v_fill(-rate), change, parameter);
        v_put(p + i, next, lanes);
        total += moved_bits(parameter, next, lanes);
    }
    *moved += u_sum(total);
}

void CK_AT_LEVEL(adam)(long count, float *p, const float *g, float *m, float *v, ck_clip clip, const ck_adam_parameters *a,
                       uint32_t *moved) {
    u16 total = {0};
    const v16 beta1 = v_fill(a->beta1), beta2 = v_fill(a->beta2);
    const v16 rest1 = v_fill(1.0f - a->beta1), rest2 = v_fill(1.0f - a->beta2);
    const v16 rate = v_fill(-a->rate / a->correction1), root = v_fill(__builtin_sqrtf(a->correction2)), epsilon = v_fill(a->epsilon);
    const v16 shrink = v_fill(a->decoupled ? 1.0f - a->rate * a->decay : 1.0f), decay = v_fill(a->decoupled ? 0.0f : a->decay);
    for (long i = 0; i < count; i += 16) {
        long lanes = lanes_left(count, i);
        v16 parameter = v_get(p + i, lanes);
        v16 gradient = v_fma(decay, parameter, clipped(v_get(g + i, lanes), clip));
        v16 first_before = v_get(m + i, lanes), second_before = v_get(v + i, lanes);
        v16 first = v_fma(beta1, first_before, rest1 * gradient);
        v16 second = v_fma(beta2, second_before, rest2 * gradient * gradient);
        v16 size = __builtin_elementwise_sqrt(second) / root + epsilon;
        v16 next = v_fma(rate, first / size, parameter * shrink);
        v_put(m + i, first, lanes);
        v_put(v + i, second, lanes);
        v_put(p + i, next, lanes);
        total += moved_bits(first_before, first, lanes) + moved_bits(second_before, second, lanes);
        total += moved_bits(parameter, next, lanes);
    }
    *moved += u_sum(total);
}
