/* Functions shared by the update rules. Each rule is a loop over the elements, in a file under updates/. */

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

/* Overwrites `before`, the value read, with `after`, and adds the change of the sum of bits to `total`. */
CK_INLINE void overwrite(float *x, v16 before, v16 after, long lanes, u16 *total) {
    v_put(x, after, lanes);
    *total += moved_bits(before, after, lanes);
}
