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

/* 16 columns of a panel, from 16 rows of w; rows at or over n are zero. */
CK_INLINE void pack_transposed_strip(long n, long k, const float *w, long ldw, long first, float *strip) {
    for (long at = 0; at < k; at += 16) {
        long terms = lanes_left(k, at);
        v16 r[16];
        for (long i = 0; i < 16; i++)
            r[i] = first + i < n ? v_get(w + (first + i) * ldw + at, terms) : v_fill(0.0f);
        transpose16(r);
        for (long i = 0; i < terms; i++)
            v_store(strip + (at + i) * CK_PANEL, r[i]);
    }
}

void CK_AT_LEVEL(pack_transposed)(long n, long k, const float *w, long ldw, float *panels) {
    for (long first = 0; first < n; first += CK_PANEL)
        for (long half = 0; half < CK_PANEL; half += 16)
            pack_transposed_strip(n, k, w, ldw, first + half, panels + first * k + half);
}

void CK_AT_LEVEL(pack)(long n, long k, const float *w, long ldw, float *panels) {
    for (long first = 0; first < n; first += CK_PANEL) {
        float *panel = panels + first * k;
        long columns = n - first < CK_PANEL ? n - first : CK_PANEL;
        for (long i = 0; i < k; i++, panel += CK_PANEL) {
            if (columns < CK_PANEL)
                memset(panel, 0, CK_PANEL * sizeof(float));
            memcpy(panel, w + i * ldw + first, (size_t)columns * sizeof(float));
        }
    }
}
