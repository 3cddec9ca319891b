/* Dropout with masks from Philox4x32-10: 16 counters at a time. */

/* a * m for each 32-bit lane: low and high half of the 64-bit product. */
CK_INLINE void multiply_wide(u16 a, uint32_t m, u16 *low, u16 *high) {
    const q8 lower = {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff};
    q8 even = ((q8)a & lower) * m, odd = ((q8)a >> 32) * m;
    *low = (u16)((even & lower) | (odd << 32));
    *high = (u16)((even >> 32) | (odd & ~lower));
}

/* 16 blocks whose counters differ only in word 0. */
CK_INLINE void philox16(uint64_t key, u16 c[4]) {
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    for (int round = 0; round < 10; round++) {
        u16 low0, high0, low1, high1;
        multiply_wide(c[0], 0xD2511F53u, &low0, &high0);
        multiply_wide(c[2], 0xCD9E8D57u, &low1, &high1);
        u16 next0 = high1 ^ c[1] ^ k0, next2 = high0 ^ c[3] ^ k1;
        c[0] = next0;
        c[1] = low1;
        c[2] = next2;
        c[3] = low0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
}

CK_INLINE u16 u_fill(uint32_t x) { return (u16)i_fill((int32_t)x); }

/* The counter words: block of 64 units and lane, stream, time step, step. The layer is part of the key. */
static void dropout_row(long n, uint32_t threshold, float scale, const ck_dropout_key *key, uint32_t t, uint32_t stream, const float *x,
                        float *y) {
    const uint64_t keyed = key->seed ^ ((uint64_t)(key->layer + 1) * 0x9E3779B97F4A7C15u);
    const u16 lanes_index = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    for (long group = 0; group * 64 < n; group++) {
        u16 c[4] = {lanes_index + (uint32_t)(group * 16), u_fill(stream), u_fill(t), u_fill(key->step)};
        philox16(keyed, c);
        for (int i = 0; i < 4; i++) {
            long at = group * 64 + i * 16;
            if (at >= n)
                break;
            long lanes = lanes_left(n, at);
            i16 keep = (i16)(c[i] >= threshold);
            v_put(y + at, v_select(keep, v_get(x + at, lanes) * v_fill(scale), v_fill(0.0f)), lanes);
        }
    }
}

void CK_AT_LEVEL(dropout)(long steps, long streams, long n, float probability, const ck_dropout_key *key, const float *x, float *y) {
    const uint32_t threshold = (uint32_t)((double)probability * 4294967296.0);
    const float scale = 1.0f / (1.0f - probability);
    for (long t = 0; t < steps; t++)
        for (long b = 0; b < streams; b++) {
            long row = (t * streams + b) * n;
            dropout_row(n, threshold, scale, key, (uint32_t)t, key->first_stream + (uint32_t)b, x + row, y + row);
        }
}
