/* Weight gradients from bf16: pairs of consecutive rows of a leaf, a single last row beside a row of zeros; leaves are added in tree
 * order inside the register tile, in floats. */

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
    const long row = leaf->t * leaf->rows->streams + leaf->segment.first + leaf->b++;
    if (leaf->b == leaf->segment.count) {
        leaf->b = 0;
        leaf->t++;
    }
    return row;
}

/* For each pair of rows, in the order in which the leaves take them; `odd` is -1 where there is none. */
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

/* The pair's lanes at a column: rows that are missing and lanes past the end are zero. */
CK_INLINE v16 bf_row_lanes(const float *x, long ld, long row, long column, long lanes) {
    return row < 0 || lanes <= 0 ? v_fill(0.0f) : v_get(x + row * ld + column, lanes < 16 ? lanes : 16);
}

void CK_AT_LEVEL(bf16_pack_rows)(const ck_rows *rows, long k, const float *x, long ldx, uint16_t *panels) {
    const long panel_stride = bf_window_pairs(rows) * BF_PANEL_PAIR, leaf_count = leaf_count_of(rows);
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

/* Tiles whose strips of dy are packed at a time. */
enum { BF_MOST_TILES = 16 };

CK_INLINE long bf_tiles_a_pass(long pairs) {
    const long tiles = CK_STRIP_FLOATS / (pairs * BF_LEFT * MR + 1);
    return tiles < 1 ? 1 : tiles > BF_MOST_TILES ? BF_MOST_TILES : tiles;
}

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

/* Sums of the leaves of a tile that wait for their sibling. */
typedef struct {
    v16 sums[CK_TREE_DEPTH][MOST_SUMS];
} bf_tile_stack;

/* Where a tile's tree program reads and writes. */
typedef struct {
    const ck_rows *rows;
    const float *strip;    /* dy's columns of the tile */
    const uint16_t *panel; /* x's columns of the tile */
    const ck_occurrences *occurrences;
    long row, column, columns; /* in the outputs */
    float *const *outputs;
    long ldo;
} bf_tile_place;

/* How far a tile's leaves have come. */
typedef struct {
    const float *strip;
    const uint16_t *panel;
    int32_t next[MR]; /* first entry of each token that no leaf has taken yet */
} bf_tile_progress;

/* sums += the rows that hold the token of the tile's row r in this leaf; `next` moves on to the first entry of a later leaf. */
CK_INLINE void bf_add_occurrences(const int vectors, const bf_tile_place *place, int r, long leaf, int32_t *next, v16 *sums) {
    const ck_occurrences *o = place->occurrences;
    for (; *next < o->starts[place->row + r + 1] && o->leaves[*next] == leaf; ++*next) {
        const float *row = o->values + o->rows[*next] * o->ld + place->column;
        for (int v = 0; v < vectors; v++)
            sums[v] = sums[v] + v_get(row + 16 * v, lanes_left(place->columns, 16 * v));
    }
}

CK_INLINE void bf_gradient_leaf(const int tile_rows, const int vectors, const bf_tile_place *place, long leaf, bf_tile_progress *progress,
                                v16 sums[MOST_SUMS]) {
    const long pairs = bf_leaf_pairs(place->rows, leaf);
    CK_EACH_SUM(tile_rows, vectors) sums[r * vectors + v] = v_fill(0.0f);
    bf_chain(tile_rows, vectors, pairs, progress->strip, progress->panel, 0, sums);
    progress->strip += pairs * BF_LEFT * MR;
    progress->panel += pairs * BF_PANEL_PAIR;
    for (int r = 0; place->occurrences && r < tile_rows; r++)
        bf_add_occurrences(vectors, place, r, leaf, progress->next + r, sums + r * vectors);
}

CK_INLINE void bf_gradient_store(const int tile_rows, const int vectors, const bf_tile_place *place, float *output, v16 sums[MOST_SUMS]) {
    for (int r = 0; r < tile_rows; r++)
        for (int v = 0; v < vectors; v++)
            v_put(output + (place->row + r) * place->ldo + place->column + 16 * v, sums[r * vectors + v],
                  lanes_left(place->columns, 16 * v));
}

CK_INLINE void bf_gradient_tile_of(const int tile_rows, const int vectors, const bf_tile_place *place, bf_tile_stack *stack) {
    bf_tile_progress progress = {place->strip, place->panel, {0}};
    for (int r = 0; place->occurrences && r < tile_rows; r++)
        progress.next[r] = place->occurrences->starts[place->row + r];
    long depth = 0;
    for (long o = 0; o < place->rows->op_count; o++) {
        const ck_tree_op op = place->rows->ops[o];
        if (op.op == CK_LEAF) {
            bf_gradient_leaf(tile_rows, vectors, place, op.index, &progress, stack->sums[depth++]);
        } else if (op.op == CK_ADD) {
            depth--;
            for (int i = 0; i < tile_rows * vectors; i++)
                stack->sums[depth - 1][i] = stack->sums[depth - 1][i] + stack->sums[depth][i];
        } else {
            bf_gradient_store(tile_rows, vectors, place, place->outputs[op.index], stack->sums[--depth]);
        }
    }
}

#define CK_TILE(rows, vectors)                                                                         \
    static void bf_gradient_tile_##rows##_##vectors(const bf_tile_place *place, bf_tile_stack *stack) { \
        bf_gradient_tile_of(rows, vectors, place, stack);                                              \
    }
#if defined(CK_WIDE)
#define CK_TILES(K)                                                                                                                \
    K(1, 1) K(2, 1) K(3, 1) K(4, 1) K(5, 1) K(6, 1) K(7, 1) K(8, 1) K(9, 1) K(10, 1) K(11, 1) K(12, 1) K(1, 2) K(2, 2) K(3, 2) K(4, 2) \
    K(5, 2) K(6, 2) K(7, 2) K(8, 2) K(9, 2) K(10, 2) K(11, 2) K(12, 2)
#else
#define CK_TILES(K) K(1, 1) K(2, 1) K(3, 1) K(4, 1) K(5, 1) K(6, 1)
#endif
CK_TILES(CK_TILE)
#undef CK_TILE

/* By vectors (1, 2) and rows. */
typedef void (*bf_gradient_tile)(const bf_tile_place *, bf_tile_stack *);
#define CK_TILE(rows, vectors) [vectors - 1][rows] = bf_gradient_tile_##rows##_##vectors,
static const bf_gradient_tile bf_gradient_tiles[NV][MR + 1] = {CK_TILES(CK_TILE)};
#undef CK_TILE
#undef CK_TILES

/* One panel of a side against the packed strips of so many rows of the outputs. */
static void bf_gradient_panel(bf_tile_place place, long strip_rows, long strip_floats, bf_tile_stack *stack) {
    const float *strips = place.strip;
    const long panel_column = place.column, panel_columns = place.columns, first_row = place.row;
    for (long part = 0, width; part < panel_columns; part += width) {
        width = panel_columns - part > 16 ? 16 * NV : 16;
        place.column = panel_column + part;
        place.columns = panel_columns - part < width ? panel_columns - part : width;
        for (long row = 0; row < strip_rows; row += MR) {
            place.row = first_row + row;
            place.strip = strips + row / MR * strip_floats;
            bf_gradient_tiles[width / 16 - 1][strip_rows - row < MR ? strip_rows - row : MR](&place, stack);
        }
        place.panel += 2 * width;
    }
}

void CK_AT_LEVEL(bf16_weight_gradient)(long n, const ck_rows *rows, const float *dy, long lddy, const ck_gradient_side *sides,
                                       long side_count, long first_row, const ck_occurrences *occurrences, float *scratch) {
    bf_tile_stack stack;
    const long pairs = bf_window_pairs(rows), strip = pairs * BF_LEFT * MR, strip_rows = bf_tiles_a_pass(pairs) * MR;
    for (long row = 0; row < n; row += strip_rows) {
        const long count = n - row < strip_rows ? n - row : strip_rows;
        bf_pack_strips(rows, dy, lddy, row, count, strip, scratch);
        for (long s = 0; s < side_count; s++)
            for (long first = 0; first < sides[s].k; first += CK_PANEL) {
                const bf_tile_place place = {.rows = rows,
                                             .strip = scratch,
                                             .panel = (const uint16_t *)sides[s].panels + first * 2 * pairs,
                                             .occurrences = occurrences,
                                             .row = first_row + row,
                                             .column = first,
                                             .columns = sides[s].k - first < CK_PANEL ? sides[s].k - first : CK_PANEL,
                                             .outputs = sides[s].outputs,
                                             .ldo = sides[s].ldo};
                bf_gradient_panel(place, count, strip, &stack);
            }
    }
}
