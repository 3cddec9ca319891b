/* Weight gradients from bf16: packing of pairs of rows. */

/* The lanes of the pair at a column: missing rows and lanes past the end are zero. */
CK_INLINE v16 bf_row_lanes(const float *x, long ld, long row, long column, long lanes) {
    return row < 0 || lanes <= 0 ? v_fill(0.0f) : v_get(x + row * ld + column, lanes < 16 ? lanes : 16);
}

void CK_AT_LEVEL(bf16_pack_rows)(const ck_rows *rows, long k, const float *x, long ldx, uint16_t *panels, long panel_stride) {
    const long leaf_count = leaf_count_of(rows);
    CK_EACH_ROW_PAIR(rows, leaf_count) {
        for (long column = 0; column < k; column += CK_PANEL)
            for (long half = 0; half < CK_PANEL; half += 16) {
                const long at = column + half;
                u_store(panels + column / CK_PANEL * panel_stride + half * 2,
                        bf_pairs(bf_row_lanes(x, ldx, even, at, k - at), bf_row_lanes(x, ldx, odd, at, k - at)));
            }
        panels += BF_PANEL_PAIR;
    }
}

/* The same size in bytes as eight strips of floats. */
enum { BF_MOST_TILES = 16 };

/* Stores two rounded rows: as pairs at `at_even`, or each at its own place. */
CK_INLINE void bf_round_rows(const float *even, const float *odd, long count, float *at_even, float *at_odd) {
    for (long at = 0; at < count; at += 16) {
        const long lanes = lanes_left(count, at);
        const v16 e = v_get(even + at, lanes), o = v_get(odd + at, lanes);
#if defined(CK_BF16)
        v_store(at_even + at, (v16)bf_pairs(e, o));
        (void)at_odd;
#else
        v_store(at_even + at, (v16)bf_round(e));
        v_store(at_odd + at, (v16)bf_round(o));
#endif
    }
}

/* Packs columns [first, first + count) of dy as strips [pairs][BF_LEFT][MR], one for each MR of them. Elements past the last column are not
 * written. */
static void bf_pack_strips(const ck_rows *rows, const float *dy, long lddy, long first, long count, long strip_floats, float *strips) {
    static const float missing[BF_MOST_TILES * MR];
    const long leaf_count = leaf_count_of(rows);
    float lanes[STRIP_ROWS + BF_LEFT - 1][BF_MOST_TILES * MR + 16] __attribute__((aligned(64)));
    strip_packer packer = {.columns = count, .strip_floats = strip_floats, .to = strips};
    CK_EACH_ROW_PAIR(rows, leaf_count) {
        const float *const from = dy + even * lddy + first;
        /* Too far apart for the hardware prefetcher: prefetches the rows of the same stream two and three steps ahead. */
        const long ahead = rows->segments[leaf].stride * lddy;
        for (long at = 0; at < count; at += 16) {
            __builtin_prefetch(from + 2 * ahead + at);
            __builtin_prefetch(from + 3 * ahead + at);
        }
        float *const at_even = lanes[packer.count], *const at_odd = lanes[packer.count + BF_LEFT - 1];
        bf_round_rows(from, odd < 0 ? missing : dy + odd * lddy + first, count, at_even, at_odd);
        strips_take(&packer, at_even);
        if (BF_LEFT > 1)
            strips_take(&packer, at_odd);
    }
    strips_end(&packer);
}

void CK_AT_LEVEL(bf16_weight_gradient)(long n, const ck_rows *rows, const float *dy, long lddy, const ck_gradient_side *sides,
                                       long side_count, long first_row, const ck_occurrences *occurrences, float *const *biases,
                                       float *scratch) {
    const long pairs = bf_window_pairs(rows), strip = pairs * BF_LEFT * MR, strip_rows = tiles_a_pass(strip, BF_MOST_TILES) * MR;
    for (long row = 0; row < n; row += strip_rows) {
        const long count = n - row < strip_rows ? n - row : strip_rows;
        bf_pack_strips(rows, dy, lddy, row, count, strip, scratch);
        if (biases) /* the rows are in cache now */
            CK_AT_LEVEL(bias_gradient)(count, rows, dy + row, lddy, first_row + row, biases);
        gradient_of_strips(1, rows, count, first_row + row, pairs, scratch, strip, sides, side_count, occurrences);
    }
}
