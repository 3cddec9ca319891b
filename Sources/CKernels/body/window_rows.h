/* The rows of a window in the order of the leaves of the tree: one by one or, for bf16, in pairs of consecutive rows of a leaf. A single
 * last row is paired with a row of zeros. */

/* Loops over the rows of the window in the order of the leaves: `row` is the row in the window. */
#define CK_EACH_WINDOW_ROW(rows, leaf_count)                                \
    for (long leaf = 0; leaf < (leaf_count); leaf++)                        \
        for (long t = 0; t < (rows)->steps; t++)                            \
            for (long b = 0, row; b < (rows)->segments[leaf].count && (row = (rows)->segments[leaf].first + t * (rows)->segments[leaf].stride + b, 1); b++)

CK_INLINE long leaf_count_of(const ck_rows *rows) {
    long count = 0;
    for (long o = 0; o < rows->op_count; o++)
        count += rows->ops[o].op == CK_LEAF;
    return count;
}

/* The rows of one leaf, in order. */
typedef struct {
    const ck_rows *rows;
    ck_segment segment;
    long t, b;
} bf_leaf_rows;

CK_INLINE bf_leaf_rows bf_leaf_begin(const ck_rows *rows, long leaf) {
    return (bf_leaf_rows){rows, rows->segments[leaf], rows->segments[leaf].count > 0 ? 0 : rows->steps, 0};
}

/* The next row of the window, or -1. */
CK_INLINE long bf_next_row(bf_leaf_rows *leaf) {
    if (leaf->t == leaf->rows->steps)
        return -1;
    const long row = leaf->segment.first + leaf->t * leaf->segment.stride + leaf->b++;
    if (leaf->b == leaf->segment.count) {
        leaf->b = 0;
        leaf->t++;
    }
    return row;
}

/* Loops over pairs of rows in the order of the leaves; `odd` is -1 if the pair has no second row. */
#define CK_EACH_ROW_PAIR(rows, leaf_count)                                                   \
    for (long leaf = 0; leaf < (leaf_count); leaf++)                                         \
        for (bf_leaf_rows here = bf_leaf_begin(rows, leaf), *from = &here; from; from = 0)   \
            for (long even, odd; (even = bf_next_row(from)) >= 0 && (odd = bf_next_row(from), 1);)

CK_INLINE long bf_leaf_pairs(const ck_rows *rows, long leaf) { return (rows->steps * rows->segments[leaf].count + 1) / 2; }

static long bf_window_pairs(const ck_rows *rows) {
    long pairs = 0;
    for (long leaf = leaf_count_of(rows) - 1; leaf >= 0; leaf--)
        pairs += bf_leaf_pairs(rows, leaf);
    return pairs;
}
