/* Packing of right operands into panels of 32 columns. */

/* Lane j of vector i becomes lane i of vector j: four rounds of exchanges between vectors 1, 2, 4 and 8 apart. */
#define CK_EXCHANGE(d, low, high)                                                                             \
    for (int i = 0; i < 16; i++)                                                                              \
        if (!(i & d)) {                                                                                       \
            v16 a = r[i], b = r[i + d];                                                                       \
            r[i] = low;                                                                                       \
            r[i + d] = high;                                                                                  \
        }

CK_INLINE void transpose16(v16 r[16]) {
    CK_EXCHANGE(1, __builtin_shufflevector(a, b, 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30),
                __builtin_shufflevector(a, b, 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31))
    CK_EXCHANGE(2, __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29),
                __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31))
    CK_EXCHANGE(4, __builtin_shufflevector(a, b, 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27),
                __builtin_shufflevector(a, b, 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31))
    CK_EXCHANGE(8, __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23),
                __builtin_shufflevector(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31))
}
#undef CK_EXCHANGE

/* Columns of a panel, from `halves` times 16 rows of w; rows at or over n are zero. Both halves at once, where they are there: whole
 * pairs of cache lines are written. */
CK_INLINE void pack_transposed_strip(const int halves, long n, long k, const float *w, long first, float *strip) {
    for (long at = 0; at < k; at += 16) {
        const long terms = lanes_left(k, at);
        for (int half = 0; half < halves; half++) {
            v16 r[16];
            for (long i = 0; i < 16; i++) {
                const long row = first + 16 * half + i;
                r[i] = row < n ? v_get(w + row * k + at, terms) : v_fill(0.0f);
            }
            transpose16(r);
            for (long i = 0; i < terms; i++)
                v_store(strip + (at + i) * CK_PANEL + 16 * half, r[i]);
        }
    }
}

/* Elements [first, last) of w, all within 16 rows, one by one. */
CK_INLINE void pack_transposed_some(long k, const float *w, long first, long last, float *panels) {
    for (long row = first / k, at = first; at < last; row++) {
        float *column = panels + row / CK_PANEL * CK_PANEL * k + row % CK_PANEL;
        const long end = (row + 1) * k < last ? (row + 1) * k : last;
        for (; at < end; at++)
            column[(at - row * k) * CK_PANEL] = w[at];
    }
}

void CK_AT_LEVEL(pack_transposed)(long n, long k, const float *w, long first, long count, float *panels) {
    const long last = first + count, group = 16 * k;
    for (long at = first; at < last;) {
        const long row = at / group * 16;
        long end = (row + 16 < n ? row + 16 : n) * k;
        float *strip = panels + row / CK_PANEL * CK_PANEL * k + row % CK_PANEL;
        if (at == row * k && row % CK_PANEL == 0 && row + CK_PANEL <= n && (row + CK_PANEL) * k <= last) {
            end = (row + CK_PANEL) * k;
            pack_transposed_strip(2, n, k, w, row, strip);
        } else if (at == row * k && end <= last)
            pack_transposed_strip(1, n, k, w, row, strip);
        else
            pack_transposed_some(k, w, at, end < last ? end : last, panels);
        at = end;
    }
}

void CK_AT_LEVEL(pack)(long n, long k, const float *w, long first, long count, float *panels) {
    const long last = first + count;
    for (long at = first; at < last;) {
        const long row = at / n, column = at % n, lane = column % CK_PANEL;
        long length = CK_PANEL - lane;
        length = n - column < length ? n - column : length;
        length = last - at < length ? last - at : length;
        float *to = panels + (column - lane) * k + row * CK_PANEL + lane;
        if (length == CK_PANEL)
            __builtin_memcpy_inline(to, w + at, CK_PANEL * sizeof(float));
        else
            memcpy(to, w + at, (size_t)length * sizeof(float));
        at += length;
    }
}
