/* Weight gradients in float: packing of both sides. */

void CK_AT_LEVEL(pack_rows)(const ck_rows *rows, long k, const float *x, long ldx, float *panels, long panel_stride) {
    const long leaf_count = leaf_count_of(rows);
    for (long first = 0; first < k; first += CK_PANEL) {
        const long left = k - first < CK_PANEL ? k - first : CK_PANEL;
        const long second = left > 16 ? left - 16 : 0;
        float *to = panels + first / CK_PANEL * panel_stride;
        CK_EACH_WINDOW_ROW(rows, leaf_count) {
            const float *from = x + row * ldx + first;
            v_store(to, v_get(from, left - second));
            v_store(to + 16, second ? v_get(from + 16, second) : v_fill(0.0f));
            to += CK_PANEL;
        }
    }
}

/* Packs `columns` columns of dy from `first` on as strips [rows of the window][MR]. Elements past the last column are not written. */
static void pack_strips(const ck_rows *rows, const float *dy, long lddy, long first, long columns, float *strips) {
    const long leaf_count = leaf_count_of(rows);
    strip_packer packer = {.columns = columns, .strip_floats = rows->steps * rows->streams * MR, .to = strips};
    CK_EACH_WINDOW_ROW(rows, leaf_count) {
        const float *from = dy + row * lddy + first;
        /* Too far apart for the hardware prefetcher: prefetches the next row of the same stream. */
        for (long at = 0; at < columns; at += 16)
            __builtin_prefetch(from + rows->segments[leaf].stride * lddy + at);
        strips_take(&packer, from);
    }
    strips_end(&packer);
}

/* Few enough that the strips stay in the second-level cache together with x. */
enum { MOST_TILES = 8 };

void CK_AT_LEVEL(weight_gradient)(long n, const ck_rows *rows, const float *dy, long lddy, const ck_gradient_side *sides, long side_count,
                                  long first_row, const ck_occurrences *occurrences, float *const *biases, float *scratch) {
    const long window = rows->steps * rows->streams, strip_rows = tiles_a_pass(window * MR, MOST_TILES) * MR;
    for (long row = 0; row < n; row += strip_rows) {
        const long count = n - row < strip_rows ? n - row : strip_rows;
        pack_strips(rows, dy, lddy, row, count, scratch);
        if (biases)
            bias_of_strips(count, rows, scratch, first_row + row, biases);
        gradient_of_strips(0, rows, count, first_row + row, window, scratch, window * MR, sides, side_count, occurrences);
    }
}
