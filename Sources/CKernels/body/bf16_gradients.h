/* Weight gradients from bf16: the packing of pairs of rows. */

/* The pair's lanes at a column: rows that are missing and lanes past the end are zero. */
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

/* As many bytes as eight strips of floats. */
enum { BF_MOST_TILES = 16 };

/* Columns [first, first + count) of dy as strips [pairs][BF_LEFT][MR], one for each MR of them; what lies past the end is zero. */
static void bf_pack_strips(const ck_rows *rows, const float *dy, long lddy, long first, long count, long strip_floats, float *strips) {
    const long leaf_count = leaf_count_of(rows), tiles = (count + MR - 1) / MR;
    CK_EACH_ROW_PAIR(rows, leaf_count) {
        float lanes[BF_LEFT][BF_MOST_TILES * MR + 16];
        for (long at = 0; at < count; at += 16) {
            const v16 e = bf_row_lanes(dy, lddy, even, first + at, count - at), o = bf_row_lanes(dy, lddy, odd, first + at, count - at);
            /* Too far apart for the processor to guess: some rows ahead. */
            __builtin_prefetch(dy + (even + 12) * lddy + first + at);
            __builtin_prefetch(dy + (even + 13) * lddy + first + at);
#if defined(CK_BF16)
            v_store(lanes[0] + at, (v16)bf_pairs(e, o));
#else
            v_store(lanes[0] + at, (v16)bf_round(e));
            v_store(lanes[1] + at, (v16)bf_round(o));
#endif
        }
        for (long tile = 0; tile < tiles; tile++)
            for (int i = 0; i < BF_LEFT; i++)
                __builtin_memcpy_inline(strips + tile * strip_floats + i * MR, lanes[i] + tile * MR, MR * sizeof(float));
        strips += BF_LEFT * MR;
    }
}

void CK_AT_LEVEL(bf16_weight_gradient)(long n, const ck_rows *rows, const float *dy, long lddy, const ck_gradient_side *sides,
                                       long side_count, long first_row, const ck_occurrences *occurrences, float *const *biases,
                                       float *scratch) {
    if (biases)
        CK_AT_LEVEL(bias_gradient)(n, rows, dy, lddy, first_row, biases);
    const long pairs = bf_window_pairs(rows), strip = pairs * BF_LEFT * MR, strip_rows = tiles_a_pass(strip, BF_MOST_TILES) * MR;
    for (long row = 0; row < n; row += strip_rows) {
        const long count = n - row < strip_rows ? n - row : strip_rows;
        bf_pack_strips(rows, dy, lddy, row, count, strip, scratch);
        gradient_of_strips(1, rows, count, first_row + row, pairs, scratch, strip, sides, side_count, occurrences);
    }
}
