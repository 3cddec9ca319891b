/* Strips: MR columns of a weight gradient's left side, row after row. */

/* The number of rows that are packed at a time. */
#if defined(CK_WIDE)
enum { STRIP_ROWS = 4 };
#else
enum { STRIP_ROWS = 1 };
#endif

/* Stores `columns` columns of one row in their strips. */
CK_INLINE void pack_row(const float *from, long columns, long strip_floats, float *to) {
    for (; columns >= MR; columns -= MR, from += MR, to += strip_floats)
        __builtin_memcpy_inline(to, from, MR * sizeof(float));
    memcpy(to, from, (size_t)columns * sizeof(float));
}

#if defined(CK_WIDE)
/* Four rows of 12 columns are three whole vectors. Packing them together takes half the time. */
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

/* Fills strips row by row. Rows are passed by address, and read a few rows later. */
typedef struct {
    const float *waiting[STRIP_ROWS];
    int count;
    long columns, strip_floats;
    float *to;
} strip_packer;

CK_INLINE void strips_take(strip_packer *packer, const float *row) {
    packer->waiting[packer->count++] = row;
    if (packer->count < STRIP_ROWS)
        return;
#if defined(CK_WIDE)
    pack_four_rows(packer->waiting, packer->columns, packer->strip_floats, packer->to);
#else
    pack_row(row, packer->columns, packer->strip_floats, packer->to);
#endif
    packer->to += STRIP_ROWS * MR;
    packer->count = 0;
}

CK_INLINE void strips_end(strip_packer *packer) {
    for (int r = 0; r < packer->count; r++, packer->to += MR)
        pack_row(packer->waiting[r], packer->columns, packer->strip_floats, packer->to);
}
