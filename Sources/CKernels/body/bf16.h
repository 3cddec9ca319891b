/* bf16 arithmetic: a bf16 number is the upper 16 bits of a float, and a lane contains two of them. The basic step adds the two products of
 * a lane to a float.
 *
 * The step is that of VDPBF16PS (Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2): first the odd term, sum = fma(a1,
 * b1, sum), then the even term, sum = fma(a0, b0, sum); round to nearest even, denormals as zero. Without the instruction, the two terms
 * are two fused multiply-adds, and the thread flushes denormals, as every rank does. */
/* The number of floats of a packed left operand for one row's pair of terms. With the instruction, one float contains both terms, which are
 * broadcast together. Without it, each rounded term has its own float. */
#if defined(CK_BF16)
enum { BF_LEFT = 1 };
#else
enum { BF_LEFT = 2 };
#endif

/* The number of elements in a pair of terms of a panel. */
enum { BF_PANEL_PAIR = 2 * CK_PANEL };

CK_INLINE u16 bf_fill(uint32_t x) { return (u16)i_fill((int32_t)x); }

/* The nearest bf16 of each lane in its upper half, ties to even, like VCVTNEPS2BF16: NaN becomes quiet, denormals become zero. */
CK_INLINE u16 bf_round(v16 x) {
    const u16 bits = (u16)x;
    const i16 magnitude = (i16)(bits & bf_fill(0x7fffffff));
    const u16 nearest = bits + bf_fill(0x7fff) + ((bits >> 16) & bf_fill(1));
    v16 result = v_select(magnitude > i_fill(0x7f800000), (v16)(bits | bf_fill(0x00400000)), (v16)nearest);
    result = v_select(magnitude < i_fill(0x00800000), (v16)(bits & bf_fill(0x80000000)), result);
    return (u16)result & bf_fill(0xffff0000);
}

CK_INLINE uint16_t bf_round_one(float x) { return (uint16_t)(bf_round(v_fill(x))[0] >> 16); }

#if defined(CK_BF16)
/* The elements of `low`, then those of `high`. */
CK_INLINE u16 bf_in_order(v16 low, v16 high) { return (u16)_mm512_cvtne2ps_pbh((__m512)high, (__m512)low); }
#endif

/* One pair in each lane. */
CK_INLINE u16 bf_pairs(v16 even, v16 odd) {
#if defined(CK_BF16)
    const h32 numbers = (h32)bf_in_order(even, odd);
    return (u16)__builtin_shufflevector(numbers, numbers, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23, 8, 24, 9, 25, 10, 26,
                                        11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
#else
    return bf_round(odd) | (bf_round(even) >> 16);
#endif
}

CK_INLINE void u_store(uint16_t *to, u16 pairs) { memcpy(to, &pairs, sizeof pairs); }

/* `terms` (1 to 32) contiguous elements as pairs; the rest is zero. */
CK_INLINE u16 bf_row_pairs(const float *x, long terms) {
    const v16 low = v_get(x, lanes_left(terms, 0)), high = terms > 16 ? v_get(x + 16, terms - 16) : v_fill(0.0f);
#if defined(CK_BF16)
    return bf_in_order(low, high);
#else
    return bf_pairs(__builtin_shufflevector(low, high, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30),
                    __builtin_shufflevector(low, high, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31));
#endif
}

/* Vector v of a pair of terms: two vectors are one panel, and the next two are panel_stride further. */
CK_INLINE u16 bf_right(const uint16_t *panel, long panel_stride, int v) {
    u16 right;
    memcpy(&right, panel + (v / 2) * panel_stride + 32 * (v % 2), sizeof right);
    return right;
}

/* One pair of terms for each row and vector: sums[r, v] += odd product, then += even product. */
CK_INLINE void bf_step(const int rows, const int vectors, const float *strip, const uint16_t *panel, long panel_stride, v16 *sums) {
#if defined(CK_BF16)
    __m512bh b[MOST_SUMS];
    CK_EACH_SUM(1, vectors) b[v] = (__m512bh)bf_right(panel, panel_stride, v);
    CK_EACH_SUM(rows, 1) {
        const __m512bh left = (__m512bh)v_fill(strip[r]);
        _Pragma("clang loop unroll(full)") for (int w = 0; w < vectors; w++)
            sums[r * vectors + w] = (v16)_mm512_dpbf16_ps((__m512)sums[r * vectors + w], left, b[w]);
    }
#else
    _Pragma("clang loop unroll(full)") for (int term = 1; term >= 0; term--) {
        v16 b[MOST_SUMS];
        CK_EACH_SUM(1, vectors) {
            const u16 right = bf_right(panel, panel_stride, v);
            b[v] = (v16)(term ? right & bf_fill(0xffff0000) : right << 16);
        }
        CK_EACH_SUM(rows, 1) {
            const v16 left = v_fill(strip[term * MR + r]);
            _Pragma("clang loop unroll(full)") for (int w = 0; w < vectors; w++)
                sums[r * vectors + w] = v_fma(left, b[w], sums[r * vectors + w]);
        }
        /* The even terms are loaded again. Keeping them would use registers that the sums need. */
        __asm__("" : "+r"(panel));
    }
#endif
}

/* tile += a chain of pairs: strip [pairs][BF_LEFT][MR], panels [pairs][32][2]. The sums are copied in and out; otherwise the compiler would
 * store them to memory at every term. */
CK_INLINE void bf_chain(const int rows, const int vectors, long pairs, const float *strip, const uint16_t *panel, long panel_stride,
                        panel_fetch fetch, v16 tile[MOST_SUMS]) {
    v16 sums[MOST_SUMS];
    CK_EACH_SUM(rows, vectors) sums[r * vectors + v] = tile[r * vectors + v];
    for (long p = 0; p < pairs; p++, strip += BF_LEFT * MR, panel += BF_PANEL_PAIR) {
        CK_EACH_SUM(1, vectors) fetch_panel(panel + (v / 2) * panel_stride + 32 * (v % 2), v, fetch);
        bf_step(rows, vectors, strip, panel, panel_stride, sums);
    }
    CK_EACH_SUM(rows, vectors) tile[r * vectors + v] = sums[r * vectors + v];
}
