/* Sums of partial gradients in tree order, with the sums of squares for the norm. */

/* The number of elements that the stack machine processes at a time: four cache lines of each source. With so few, all sources are read at
 * the same rate, which suits the hardware prefetcher (512 elements took up to 1.9 times as long with 8 sources). */
enum { TILE = CK_LIVE_TILE };

/* The prefetch distance of leaves, in elements. */
enum { AHEAD = 128 };

/* to = x + y over a whole tile. */
CK_INLINE void add_tile(float *to, const float *x, const float *y) {
    v16 sums[TILE / 16];
    for (int i = 0; i < TILE / 16; i++)
        sums[i] = v_load(x + 16 * i) + v_load(y + 16 * i);
    for (int i = 0; i < TILE / 16; i++)
        v_store(to + 16 * i, sums[i]);
}

/* to = x + y over the last, partial tile of a range. */
CK_INLINE void add_short_tile(float *to, const float *x, const float *y, long count) {
    for (long i = 0; i < count; i += 16) {
        long lanes = lanes_left(count, i);
        v_put(to + i, v_get(x + i, lanes) + v_get(y + i, lanes), lanes);
    }
}

/* Runs the program over one tile. Stack entries are pointers, so leaves are not copied. */
CK_INLINE void reduce_tile(const ck_tree_stretch *stretch, float *const *outputs, long at, long count,
                           float stack[CK_TREE_DEPTH][TILE]) {
    const ck_tree_op *ops = stretch->ops;
    const long op_count = stretch->op_count;
    const float *top[CK_TREE_DEPTH];
    long depth = 0;
    for (long o = 0; o < op_count; o++) {
        if (ops[o].op == CK_LEAF) {
            const float *leaf = stretch->sources[ops[o].index] + at;
            for (long i = 0; i < TILE; i += 16)
                __builtin_prefetch(leaf + AHEAD + i);
            top[depth++] = leaf;
        } else if (ops[o].op == CK_ADD) {
            depth--;
            /* An addition directly before a store writes to the output. */
            int last = o + 1 < op_count && ops[o + 1].op == CK_STORE;
            float *to = last ? outputs[ops[o + 1].index] + at : stack[depth - 1];
            if (count == TILE)
                add_tile(to, top[depth - 1], top[depth]);
            else
                add_short_tile(to, top[depth - 1], top[depth], count);
            top[depth - 1] = to;
        } else {
            depth--;
            float *to = outputs[ops[o].index] + at;
            if (top[depth] != to)
                memmove(to, top[depth], (size_t)count * sizeof(float));
        }
    }
}

/* sums[l] += x[i]^2 for i mod 16 = l, each in order. */
CK_INLINE d16 add_squares_of(d16 sums, v16 x) {
    d16 wide = __builtin_convertvector(x, d16);
    return sums + wide * wide; /* the product of two floats is exact in double, so a fused operation has the same bits */
}

CK_INLINE d16 add_squares(d16 sums, const float *x, long count) {
    if (count == TILE) {
        for (int i = 0; i < TILE / 16; i++)
            sums = add_squares_of(sums, v_load(x + 16 * i));
        return sums;
    }
    for (long i = 0; i < count; i += 16)
        sums = add_squares_of(sums, v_get(x + i, lanes_left(count, i)));
    return sums;
}

CK_INLINE double fold_doubles(d16 v) {
    double a[16];
    memcpy(a, &v, sizeof a);
    for (int half = 8; half > 0; half /= 2)
        for (int i = 0; i < half; i++)
            a[i] = a[i] + a[i + half];
    return a[0];
}

/* Whether any map marks tile `tile` as live. Tiles outside the maps are live. */
CK_INLINE int is_live(const ck_live *live, long tile) {
    if (!live || tile >= live->tiles)
        return 1;
    for (long i = 0; i < live->count; i++)
        if (live->maps[i][tile])
            return 1;
    return 0;
}

/* A tile may be partial at both ends of a stretch. The order of the squares is still that of the elements, because every end is a multiple of
 * 16. */
void CK_AT_LEVEL(tree_reduce)(const ck_tree_stretch *stretch, float *const *outputs, long count, const ck_live *live,
                              double *block_sums) {
    float stack[CK_TREE_DEPTH][TILE] __attribute__((aligned(64)));
    for (long block = 0; block * CK_BLOCK < count; block++) {
        const long from = block * CK_BLOCK, to = from + CK_BLOCK < count ? from + CK_BLOCK : count;
        d16 squares = {0};
        for (long at = from, tile; at < to; at += tile) {
            while (at >= stretch->end)
                stretch++;
            const long end = stretch->end < to ? stretch->end : to;
            const long left = TILE - at % TILE; /* a stretch may begin within a tile of the maps */
            tile = end - at < left ? end - at : left;
            if (!is_live(live, at / TILE))
                continue;
            reduce_tile(stretch, outputs, at, tile, stack);
            if (block_sums)
                squares = add_squares(squares, outputs[0] + at, tile);
        }
        if (block_sums)
            block_sums[block] = fold_doubles(squares);
    }
}
