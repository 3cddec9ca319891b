/* Transposition of 16 vectors of 16 lanes. */

/* For each of 16 vectors, unrolled. A loop would keep the vectors in memory. */
#define CK_EACH_OF_16 _Pragma("clang loop unroll(full)") for (int i = 0; i < 16; i++)

/* For each i with bit d clear, vectors i and i + d become `low` and `high` of both. */
#define CK_EXCHANGE(d, low, high)                                                  \
    CK_EACH_OF_16 if (!(i & (d))) {                                                \
        const v16 a = r[i], b = r[i + (d)];                                        \
        r[i] = low;                                                                \
        r[i + (d)] = high;                                                         \
    }

/* Lane j of vector i becomes lane i of vector j. Within each quarter of the vectors and lanes it shuffles pairs, and pairs of pairs, which
 * leaves columns 1 and 2 of a quarter exchanged; then it shuffles whole quarters. Each shuffle is one instruction of AVX-512. */
CK_INLINE void transpose16(v16 r[16]) {
    CK_EXCHANGE(1, __builtin_shufflevector(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29),
                __builtin_shufflevector(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31))
    CK_EXCHANGE(2, __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29),
                __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31))
    CK_EXCHANGE(4, __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27),
                __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31))
    CK_EXCHANGE(8, __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27),
                __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31))
    _Pragma("clang loop unroll(full)") for (int i = 1; i < 16; i += 4) {
        const v16 second = r[i + 1];
        r[i + 1] = r[i];
        r[i] = second;
    }
}
#undef CK_EXCHANGE
