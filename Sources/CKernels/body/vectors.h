/* Vectors of 16 floats at every level. The compiler splits them for the instruction set. */
#include <stdint.h>
#include <string.h>
#if defined(CK_WIDE)
#include <immintrin.h>
#endif

/* Functions that pass vectors are always inlined within one file, so no calling convention applies. */
#pragma clang diagnostic ignored "-Wpsabi"

#define CK_INLINE static inline __attribute__((always_inline))
#define CK_CAT_(a, b) a##_##b
#define CK_CAT(a, b) CK_CAT_(a, b)
/* The name of a kernel at this level, for the table in levels.h. */
#define CK_AT_LEVEL(name) CK_CAT(name, CK_LEVEL)

typedef float v16 __attribute__((vector_size(64)));
typedef int32_t i16 __attribute__((vector_size(64)));
typedef uint32_t u16 __attribute__((vector_size(64)));
typedef uint16_t h32 __attribute__((vector_size(64)));
typedef uint64_t q8 __attribute__((vector_size(64)));
typedef double d16 __attribute__((vector_size(128)));

CK_INLINE v16 v_load(const float *p) {
    v16 v;
    memcpy(&v, p, sizeof v);
    return v;
}

CK_INLINE void v_store(float *p, v16 v) { memcpy(p, &v, sizeof v); }

CK_INLINE v16 v_fill(float x) { return (v16){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x}; }

CK_INLINE i16 i_fill(int32_t x) { return (i16){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x}; }

/* Loads the first `count` lanes, with zeros in the others; and stores the first `count` lanes. */
#if defined(CK_WIDE)
CK_INLINE v16 v_load_some(const float *p, long count) { return (v16)_mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), p); }

CK_INLINE void v_store_some(float *p, v16 v, long count) { _mm512_mask_storeu_ps(p, (__mmask16)((1u << count) - 1), (__m512)v); }
#else
CK_INLINE v16 v_load_some(const float *p, long count) {
    float lanes[16] = {0};
    memcpy(lanes, p, (size_t)count * sizeof(float));
    return v_load(lanes);
}

CK_INLINE void v_store_some(float *p, v16 v, long count) {
    float lanes[16];
    v_store(lanes, v);
    memcpy(p, lanes, (size_t)count * sizeof(float));
}
#endif

/* Whole vectors take a fast path; `count` is 1 to 16. */
CK_INLINE v16 v_get(const float *p, long count) { return count == 16 ? v_load(p) : v_load_some(p, count); }

CK_INLINE void v_put(float *p, v16 v, long count) {
    if (count == 16)
        v_store(p, v);
    else
        v_store_some(p, v, count);
}

CK_INLINE v16 v_fma(v16 a, v16 b, v16 c) { return __builtin_elementwise_fma(a, b, c); }

CK_INLINE v16 v_select(i16 condition, v16 yes, v16 no) { return (v16)(((i16)yes & condition) | ((i16)no & ~condition)); }

/* `largest` where x is NaN. */
CK_INLINE v16 v_larger(v16 x, v16 largest) { return v_select(x > largest, x, largest); }

/* The number of remaining lanes at index `i` in a row of n, at most 16. */
CK_INLINE long lanes_left(long n, long i) { return n - i < 16 ? n - i : 16; }

/* The sum of all lanes, modulo 2^32. */
CK_INLINE uint32_t u_sum(u16 v) {
    uint32_t sum = 0;
    for (int lane = 0; lane < 16; lane++)
        sum += v[lane];
    return sum;
}

/* The first `count` lanes of v, and `rest` in the others. */
CK_INLINE v16 v_keep(v16 v, long count, float rest) {
    const i16 lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    return count == 16 ? v : v_select(lane < i_fill((int32_t)count), v, v_fill(rest));
}

/* The maximum of all lanes, none of which is NaN. */
CK_INLINE float v_fold_maximum(v16 v) {
    float maximum = v[0];
    for (int lane = 1; lane < 16; lane++)
        maximum = v[lane] > maximum ? v[lane] : maximum;
    return maximum;
}

/* The fixed reduction order of 16 lanes. */
CK_INLINE float v_fold(v16 v) {
    float a[16];
    v_store(a, v);
    for (int half = 8; half > 0; half /= 2)
        for (int i = 0; i < half; i++)
            a[i] = a[i] + a[i + half];
    return a[0];
}
