/* The peak performance of a core: the bounds that benchmarks compare the other kernels with. */

/* The number of chains of 16 floats: as many as registers allow, 24 vectors of AVX-512, 12 of AVX2, 24 of NEON. 8 chains keep the units
 * busy (two per cycle, four cycles each). */
#ifdef CK_WIDE
enum { PEAK_CHAINS = 24 };
#else
enum { PEAK_CHAINS = 6 };
#endif

static void CK_AT_LEVEL(fma_peak)(long rounds, float *sums) {
    const v16 half = v_fill(0.5f), one = v_fill(1);
    v16 chains[PEAK_CHAINS];
    /* Each chain begins with a different value, and none with 2, which is the fixed point. Otherwise the compiler would merge equal chains,
     * and remove constant ones. */
    for (int i = 0; i < PEAK_CHAINS; i++)
        chains[i] = v_fill((float)(-1 - i));
    for (long round = 0; round < rounds * (CK_PEAK_CHAINS / PEAK_CHAINS); round++) {
#pragma clang loop unroll(full)
        for (int i = 0; i < PEAK_CHAINS; i++)
            chains[i] = v_fma(chains[i], half, one);
    }
    v16 sum = chains[0];
    for (int i = 1; i < PEAK_CHAINS; i++)
        sum += chains[i];
    v_store(sums, sum / v_fill(PEAK_CHAINS));
}

/* Pairs of products as for bf16: one instruction per pair if the processor has it, otherwise two multiply-adds. */
static void CK_AT_LEVEL(bf16_peak)(long rounds, float *sums) {
#if defined(CK_BF16)
    const __m512bh ones = (__m512bh)bf_fill(0x3f803f80);
    v16 chains[PEAK_CHAINS];
    for (int i = 0; i < PEAK_CHAINS; i++)
        chains[i] = v_fill((float)(-1 - i));
    for (long round = 0; round < rounds; round++) {
#pragma clang loop unroll(full)
        for (int i = 0; i < PEAK_CHAINS; i++)
            chains[i] = (v16)_mm512_dpbf16_ps((__m512)chains[i], ones, ones);
    }
    v16 sum = chains[0];
    for (int i = 1; i < PEAK_CHAINS; i++)
        sum += chains[i];
    v_store(sums, sum / v_fill(PEAK_CHAINS));
#else
    CK_AT_LEVEL(fma_peak)(2 * rounds, sums);
#endif
}

/* Four parallel streams: from memory this is up to a fifth faster than one. */
static void CK_AT_LEVEL(read)(long count, const float *x, float *sums) {
    const long quarter = count / CK_READ_UNIT * 16;
    v16 a = v_fill(0), b = a, c = a, d = a;
    for (long i = 0; i < quarter; i += 16) {
        a += v_load(x + i);
        b += v_load(x + quarter + i);
        c += v_load(x + 2 * quarter + i);
        d += v_load(x + 3 * quarter + i);
    }
    v_store(sums, (a + b) + (c + d));
}
