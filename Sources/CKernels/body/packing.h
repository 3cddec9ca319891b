/* Packing of right operands into panels of 32 columns. */

/* 16 columns of a panel over 16 terms, or over `terms` if fewer remain. */
CK_INLINE void pack_transposed_square(const v16 rows[16], long terms, float *strip) {
    v16 r[16];
    CK_EACH_OF_16 r[i] = rows[i];
    transpose16(r);
    CK_EACH_OF_16 if (i < terms) v_store(strip + i * CK_PANEL, r[i]);
}

/* 16 columns of a panel at term `at`, from the rows of w; rows from `rows` on are zero. */
CK_INLINE void pack_transposed_part(long rows, long k, const float *w, long at, float *strip) {
    const long terms = lanes_left(k, at);
    v16 r[16];
    if (rows >= 16 && terms == 16)
        CK_EACH_OF_16 r[i] = v_load(w + i * k + at);
    else
        CK_EACH_OF_16 r[i] = i < rows ? v_get(w + i * k + at, terms) : v_fill(0.0f);
    pack_transposed_square(r, terms, strip + at * CK_PANEL);
}

/* Columns of a panel from `halves` times 16 rows of w; rows from n on are zero. With both halves at once, whole pairs of cache lines are
 * written. */
CK_INLINE void pack_transposed_strip(const int halves, long n, long k, const float *w, long first, float *strip) {
    for (long at = 0; at < k; at += 16)
        for (int half = 0; half < halves; half++)
            pack_transposed_part(n - first - 16 * half, k, w + (first + 16 * half) * k, at, strip + 16 * half);
}

/* Elements [first, last) of w, all within 16 rows, one at a time. */
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
