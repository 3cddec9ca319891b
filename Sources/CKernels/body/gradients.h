/* Weight gradients in floats: the packing of both sides. */

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

/* `columns` columns of one row to their place in each of the strips. */
CK_INLINE void pack_row(const float *from, long columns, long strip_floats, float *to) {
    for (; columns >= MR; columns -= MR, from += MR, to += strip_floats)
        __builtin_memcpy_inline(to, from, MR * sizeof(float));
    memcpy(to, from, (size_t)columns * sizeof(float));
}

#if defined(CK_WIDE)
/* Four rows of 12 columns are three whole vectors: packed together they take half the time. */
CK_INLINE void pack_four_rows(const float *const rows[4], long columns, long strip_floats, float *to) {
    long at = 0;
    for (; at + 16 <= columns; at += MR, to += strip_floats) {
        const v16 a = v_load(rows[0] + at), b = v_load(rows[1] + at), c = v_load(rows[2] + at), d = v_load(rows[3] + at);
        v_store(to, __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 16, 17, 18, 19));
        v_store(to + 16, __builtin_shufflevector(b, c, 4, 5, 6, 7, 8, 9, 10, 11, 16, 17, 18, 19, 20, 21, 22, 23));
        v_store(to + 32, __builtin_shufflevector(c, d, 8, 9, 10, 11, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27));
    }
    for (int r = 0; r < 4; r++)
        pack_row(rows[r] + at, columns - at, strip_floats, to + r * MR);
}
#endif

/* `columns` columns of dy from `first` on as strips [rows of the window][MR]; what lies past the last column is left as it is. */
static void pack_strips(const ck_rows *rows, const float *dy, long lddy, long first, long columns, float *strips) {
    const long leaf_count = leaf_count_of(rows), strip_floats = rows->steps * rows->streams * MR;
    const float *waiting[4];
    int count = 0;
    CK_EACH_WINDOW_ROW(rows, leaf_count) {
        waiting[count++] = dy + row * lddy + first;
        /* Too far apart for the processor to guess: the same stream's next row. */
        for (long at = 0; at < columns; at += 16)
            __builtin_prefetch(waiting[count - 1] + rows->segments[leaf].stride * lddy + at);
#if defined(CK_WIDE)
        if (count < 4)
            continue;
        pack_four_rows(waiting, columns, strip_floats, strips);
        strips += 4 * MR;
        count = 0;
#else
        pack_row(waiting[--count], columns, strip_floats, strips);
        strips += MR;
#endif
    }
    for (int r = 0; r < count; r++, strips += MR)
        pack_row(waiting[r], columns, strip_floats, strips);
}

/* Few enough that the strips stay in the second-level cache beside x. */
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
